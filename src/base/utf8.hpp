// UTF-8 as MQTT defines it: well-formed, no surrogates, no U+0000 [MQTT-1.5.4-1, -2].
#pragma once

#include "base/wire.hpp"

namespace tandemq {

bool is_mqtt_utf8(ByteView text);        // A UTF-8 Encoded String.
bool is_payload_utf8(ByteView payload);  // Payload Format Indicator 1: U+0000 is allowed too.

}  // namespace tandemq
