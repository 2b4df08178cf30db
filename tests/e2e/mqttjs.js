// A visit of MQTT.js: it subscribes, publishes to itself with each QoS, and tells in one line of
// JSON what it got. Words: the URL, the version (3, 4 or 5), a topic, and a file of the authority.
'use strict'
const fs = require('fs')
const mqtt = require('mqtt')

const [url, version, topic, ca] = process.argv.slice(2)
const large = Buffer.alloc(300000)
for (let i = 0; i < large.length; ++i) large[i] = (i * 31) % 251
const messages = []
for (const qos of [0, 1, 2]) {
  messages.push([`${topic}/small`, Buffer.from(`QoS ${qos}`), qos])
  messages.push([`${topic}/large`, large, qos])
}

const options = { protocolVersion: Number(version), clientId: topic, clean: true, reconnectPeriod: 0 }
if (version === '3') options.protocolId = 'MQIsdp'
if (ca) options.ca = fs.readFileSync(ca)
const client = mqtt.connect(url, options)
const got = []
let acknowledged = 0

function fail (why) {
  console.error(String(why))
  process.exit(1)
}

function finish () {
  if (got.length < messages.length || acknowledged < messages.length) return
  client.unsubscribe(`${topic}/#`, error => {
    if (error) fail(error)
    client.end(false, {}, () => console.log(JSON.stringify({ got, acknowledged })))
  })
}

client.on('error', fail)
client.on('connect', connack => {
  client.subscribe(`${topic}/#`, { qos: 2 }, error => {
    if (error) fail(error)
    for (const [name, payload, qos] of messages) {
      client.publish(name, payload, { qos }, problem => {
        if (problem) fail(problem)
        ++acknowledged
        finish()
      })
    }
  })
})
client.on('message', (name, payload, packet) => {
  const whole = name.endsWith('/small') ? payload.toString() : String(payload.equals(large))
  got.push([name, packet.qos, whole])
  finish()
})
client.on('close', () => { if (acknowledged < messages.length) fail('the broker has closed') })
setTimeout(() => fail('nothing came any more'), 20000).unref()
