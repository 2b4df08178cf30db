/* Who leads, with a witness: two nodes, one record that changes by compare-and-swap, and a world in
 * which a message may be late or lost, a process may die and a machine may lose its power.
 *
 * Left out, because no safety rests on it (invariant I3): clocks, promises, heartbeats. So a node
 * may claim, or give up its standby, at any time. Left out too is how logs are compared and sent,
 * which has its own tests: a log is a set of records here, and a follower's tail is cut off at once.
 * A record is `written` when it survives the process, and `flushed` when it survives the machine. A
 * revision is `fresh` as long as the witness stands there.
 *
 * Proven: whoever leads has every record that was ever acknowledged, and no term has two leaders.
 * Each macro that `check` names breaks one rule; then spin must find how that ends.
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef TERMS
#define TERMS 3
#endif
#ifndef SWAPS
#define SWAPS 2 /* Under way at once. */
#endif
#ifndef POWER_CUTS
#define POWER_CUTS 1
#endif

#define BIT(n) (1 << (n))
#define HAS(set, n) ((set) & BIT(n))
#define HOLDS(whole, part) (((part) & ~(whole)) == 0)
#define LOWEST(set) ((set) & (~(set) + 1))
#define BOTH 3
#define NOBODY 2

mtype = {
  follows, claims, leads, /* The role of a node. */
  idle, waits, doubts,    /* Its swap: none; no answer yet; there will be none. */
  alone,                  /* A leader's commit: it is flushed here; */
  unsure,                 /* it is flushed here, and the standby has it; */
  paired                  /* it is written here, and the standby has it. */
};

typedef Record {
  byte term;
  byte primary;
  byte insync; /* A set of nodes, */
  bit boot[2]; /* and in which life of the machine each of them was. */
}

typedef Swap {
  bool sent;
  bool done;  /* And answered. */
  bool last;  /* Its node has sent none since. */
  bool fresh;
  byte from;
  Record record;
}

typedef Node {
  mtype role;
  byte written;
  byte flushed;
  byte seen; /* The highest term, durable. */
  byte led;  /* The last one of its own, durable. */
  bit boot;
  /* What a process forgets when it dies. */
  mtype swap;
  bool fresh;
  bool mine;    /* What stands at the witness is what this node has sent last. */
  byte wanted;  /* The `insync` of that. */
  mtype commits;
  bool lost;    /* The standby was: nobody is admitted before this node has been alone. */
  bool listed;  /* The witness may list the standby. */
  byte barrier; /* What the standby must have before. */
  byte learned; /* What the standby has acknowledged. */
}

Record witness;
Swap swaps[SWAPS];
Node node[2];

/* The connection of the two. Each end learns for itself that it is gone. */
bool up[2];
byte sent;      /* By the primary. */
byte back;      /* What the standby has acknowledged of it. */
bit hello_boot; /* Of the standby. */

byte made; /* So many records. */
byte acknowledged;
byte power_cuts;
byte leader_of[TERMS + 1];
byte i;

inline clear(s) {
  swaps[s].sent = false;
  swaps[s].done = false;
  swaps[s].last = false;
  swaps[s].fresh = false;
  swaps[s].from = 0;
  swaps[s].record.term = 0;
  swaps[s].record.primary = 0;
  swaps[s].record.insync = 0;
  swaps[s].record.boot[0] = 0;
  swaps[s].record.boot[1] = 0
}

/* What can change nothing any more is as good as lost: it finds another revision, or has been done,
 * and nobody waits for the answer. */
inline tidy() {
  i = 0;
  do
  :: i < SWAPS ->
     if
     :: swaps[i].sent && (swaps[i].done || !swaps[i].fresh) &&
        !(swaps[i].last && node[swaps[i].from].swap == waits) -> clear(i)
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0
}

inline drop(n) {
  up[n] = false;
  if
  :: !up[1 - n] -> sent = 0; back = 0; hello_boot = 0
  :: else
  fi;
  if
  :: node[n].commits == paired -> node[n].commits = unsure
  :: else
  fi;
  node[n].lost = node[n].commits != alone
}

inline not_last(n) {
  i = 0;
  do
  :: i < SWAPS ->
     if
     :: swaps[i].from == n -> swaps[i].last = false
     :: else
     fi;
     i++
  :: else -> break
  od;
  tidy()
}

inline forget(n) {
  node[n].role = follows;
  node[n].swap = idle;
  node[n].fresh = false;
  node[n].mine = false;
  node[n].wanted = 0;
  node[n].commits = alone;
  node[n].lost = false;
  node[n].listed = false;
  node[n].barrier = 0;
  node[n].learned = 0;
  not_last(n)
}

#if SWAPS == 2
#define ROOM (!swaps[0].sent || !swaps[1].sent)
#else
#define ROOM (!swaps[0].sent || !swaps[1].sent || !swaps[2].sent)
#endif

inline send_swap(n, new_term, new_insync, other_boot) {
  not_last(n);
  i = 0;
  do
  :: swaps[i].sent -> i++
  :: else -> break
  od;
  swaps[i].sent = true;
  swaps[i].done = false;
  swaps[i].last = true;
  swaps[i].fresh = node[n].fresh;
  swaps[i].from = n;
  swaps[i].record.term = new_term;
  swaps[i].record.primary = n;
  swaps[i].record.insync = new_insync;
  swaps[i].record.boot[n] = node[n].boot;
  swaps[i].record.boot[1 - n] = (HAS(new_insync, 1 - n) -> other_boot : 0);
  node[n].mine = false;
  node[n].wanted = new_insync;
  node[n].swap = waits;
  i = 0
}

inline lead(n, term_now) {
  forget(n);
  node[n].role = leads;
  node[n].seen = term_now;
  node[n].led = term_now;
  /* One leader a term. */
  assert(leader_of[term_now] == NOBODY || leader_of[term_now] == n);
  leader_of[term_now] = n;
  printf("node %d leads term %d\n", n, term_now);
  /* Nothing that was acknowledged is lost. */
  assert(HOLDS(node[n].written, acknowledged));
#ifdef REACHES
  assert(!(acknowledged == BIT(RECORDS) - 1 && n == 0 && term_now == 3 && leader_of[2] == 1));
#endif
}

/* The record that this node has sent last stands, or stood, at the witness. */
inline succeed(n, term_now) {
  node[n].swap = idle;
  node[n].mine = false;
  if
  :: node[n].role == claims -> lead(n, term_now)
  :: node[n].role == leads && !HAS(node[n].wanted, 1 - n) ->
     node[n].listed = false;
     node[n].lost = false;
     node[n].commits = alone;
     node[n].barrier = 0
  :: node[n].role == leads && HAS(node[n].wanted, 1 - n) && up[n] && !node[n].lost ->
     node[n].commits = paired;
     node[n].barrier = 0
  :: else
  fi;
  node[n].wanted = 0
}

/* Nobody has answered, so it reads. What does not stand there may still come. */
inline look(n) {
  if
  :: node[n].mine -> succeed(n, witness.term)
  :: !node[n].mine && node[n].role == leads && witness.term == node[n].led ->
     node[n].swap = idle;
     node[n].wanted = 0;
#ifdef UNKNOWN_IS_NOT_DONE
     if
     :: !HAS(witness.insync, 1 - n) -> node[n].listed = false
     :: else
     fi
#endif
  :: else -> forget(n); drop(n) /* Somebody else leads, or nobody; if it is a claim, it asks again. */
  fi;
  node[n].fresh = node[n].role == leads
}

#ifdef CLAIM_KEEPS_OTHER
#define CLAIMED(n) witness.insync
#else
#define CLAIMED(n) BIT(n)
#endif
#ifdef CLAIM_KEEPS_TERM
#define CLAIM_TERM witness.term
#else
#define CLAIM_TERM witness.term + 1
#endif

/* All that it acknowledged is still here: its machine has not lost its power since, or it has led
 * alone, and has acknowledged what was on its disk. */
#ifdef LISTED_ALONE_IS_PROOF
#define KEPT(n) (witness.boot[n] == node[n].boot || witness.insync == BIT(n))
#else
#define KEPT(n) (witness.boot[n] == node[n].boot || \
                 (witness.insync == BIT(n) && node[n].led == witness.term))
#endif
#ifdef FSYNC_AFTER_CAS
#define WHOLE(n) true
#else
#define WHOLE(n) (node[n].written == node[n].flushed)
#endif
#ifdef RELEASE_BEFORE_FSYNC
#define ENOUGH(n) node[n].written
#else
#define ENOUGH(n) node[n].flushed
#endif

#define FOLLOWS (node[me].role == follows)
#define CLAIMS (node[me].role == claims)
#define LEADS (node[me].role == leads)
#define COMMITS(how) (LEADS && node[me].commits == how)
#define MEETS (FOLLOWS && node[other].role == leads && !up[0] && !up[1])
#define MAY_SWAP (LEADS && ROOM && node[me].swap == idle)

proctype Life(byte me) {
  byte other = 1 - me;
end:
  do
  /* ---- It follows: it connects, takes record after record, and claims. */
  :: d_step { MEETS && node[me].seen <= node[other].led ->
       printf("node %d connects to node %d\n", me, other);
       node[me].seen = node[other].led;
       node[me].written = node[me].written & node[other].written;
       node[me].flushed = node[me].flushed & node[me].written;
       up[me] = true;
       up[other] = true;
       sent = node[other].written;
       back = node[me].written;
       hello_boot = node[me].boot;
       node[other].learned = 0 }
  :: d_step { MEETS && node[me].seen > node[other].led ->
       printf("node %d has seen a newer term than that of node %d\n", me, other);
       forget(other) }
  :: d_step { FOLLOWS && up[me] && !HOLDS(node[me].written, sent) ->
       printf("node %d takes a record\n", me);
       node[me].written = node[me].written | LOWEST(sent & ~node[me].written);
       back = node[me].written }
  :: d_step { FOLLOWS && ROOM && HAS(witness.insync, me) && KEPT(me) && WHOLE(me) &&
              witness.term < TERMS ->
       printf("node %d sends a claim\n", me);
       drop(me);
       node[me].role = claims;
       node[me].fresh = true;
       send_swap(me, CLAIM_TERM, CLAIMED(me), witness.boot[other]) }

  /* ---- It leads: it makes records, hears the standby, and acknowledges what is committed. */
  :: d_step { LEADS && made < RECORDS ->
       printf("node %d makes record %d\n", me, made);
       node[me].written = node[me].written | BIT(made);
       if
       :: up[me] -> sent = sent | BIT(made)
       :: else
       fi;
       made++ }
  :: d_step { LEADS && up[me] && node[me].learned != back ->
       printf("node %d hears what the standby has\n", me);
       node[me].learned = back }
  :: d_step { COMMITS(alone) && !HOLDS(acknowledged, ENOUGH(me)) ->
       printf("node %d acknowledges, alone\n", me);
       acknowledged = acknowledged | ENOUGH(me) }
  :: d_step { COMMITS(unsure) && !HOLDS(acknowledged, node[me].flushed & node[me].learned) ->
       printf("node %d acknowledges, with the standby\n", me);
       acknowledged = acknowledged | (node[me].flushed & node[me].learned) }
  :: d_step { COMMITS(paired) && !HOLDS(acknowledged, node[me].written & node[me].learned) ->
       printf("node %d acknowledges, paired\n", me);
       acknowledged = acknowledged | (node[me].written & node[me].learned) }

  /* Admit: every commit needs the standby; then it has all there was; then it is listed. */
#ifdef ADMIT_BEFORE_NEED
  :: d_step { MAY_SWAP && COMMITS(alone) && up[me] && HOLDS(node[me].learned, node[me].written) ->
       printf("node %d sends an admission\n", me);
       node[me].listed = true;
       send_swap(me, node[me].led, BOTH, hello_boot) }
#else
  :: d_step { COMMITS(alone) && up[me] && node[me].swap == idle ->
       printf("node %d needs the standby from now on\n", me);
       node[me].commits = unsure;
       node[me].barrier = node[me].written }
  :: d_step { MAY_SWAP && COMMITS(unsure) && !node[me].lost && HOLDS(node[me].learned, node[me].barrier) ->
       printf("node %d sends an admission\n", me);
       node[me].listed = true;
       send_swap(me, node[me].led, BOTH, hello_boot) }
#endif

  /* Remove: what would be acknowledged is held, all is flushed, then the witness is asked. A
   * standby that was never to be listed needs no witness. */
  :: d_step { MAY_SWAP && node[me].listed && node[me].lost && WHOLE(me) ->
       printf("node %d sends a removal\n", me);
       send_swap(me, node[me].led, BIT(me), 0) }
  :: d_step { COMMITS(unsure) && !node[me].listed && node[me].lost ->
       printf("node %d goes on alone, nobody is listed\n", me);
       node[me].commits = alone;
       node[me].lost = false;
       node[me].barrier = 0 }
#ifdef ACKS_BEFORE_CAS
  :: d_step { COMMITS(unsure) && node[me].lost ->
       printf("node %d goes on alone before the witness has agreed\n", me);
       node[me].commits = alone;
       node[me].lost = false }
#endif

  /* ---- Time goes on. */
  :: d_step { node[me].flushed != node[me].written ->
       printf("node %d flushes\n", me);
       node[me].flushed = node[me].written }
  :: d_step { node[me].swap == waits ->
       printf("node %d waits no longer: the outcome is unknown\n", me);
       node[me].swap = doubts;
       tidy() }
  :: d_step { node[me].swap == doubts ->
       printf("node %d reads the witness\n", me);
       look(me) }

  /* ---- What the world does to it: the connection, the process, the power. */
  :: d_step { up[me] ->
       printf("node %d has lost the connection\n", me);
       drop(me) }
  :: d_step { !FOLLOWS || up[me] ->
       printf("the process of node %d dies\n", me);
       drop(me);
       forget(me) }
  :: d_step { power_cuts < POWER_CUTS ->
       printf("node %d loses its power\n", me);
       power_cuts++;
       node[me].written = node[me].flushed;
       node[me].boot = 1 - node[me].boot;
       drop(me);
       forget(me) }
  od
}

/* A swap on its way to the witness, and its answer back. */
proctype Way(byte s) {
  byte who;
  byte term;
  bool fresh;
end:
  do
  :: d_step { swaps[s].sent && !swaps[s].done && swaps[s].fresh ->
       printf("the witness takes the swap of node %d: term %d, in sync: %d\n", swaps[s].from,
              swaps[s].record.term, swaps[s].record.insync);
       witness.term = swaps[s].record.term;
       witness.primary = swaps[s].record.primary;
       witness.insync = swaps[s].record.insync;
       witness.boot[0] = swaps[s].record.boot[0];
       witness.boot[1] = swaps[s].record.boot[1];
       i = 0;
       do
       :: i < SWAPS -> swaps[i].fresh = false; i++
       :: else -> break
       od;
       node[0].fresh = false;
       node[1].fresh = false;
       node[0].mine = false;
       node[1].mine = false;
       node[swaps[s].from].mine = swaps[s].last && node[swaps[s].from].swap != idle;
       swaps[s].fresh = true; /* The answer says where it stands now. */
       swaps[s].done = true;
       tidy() }
  :: d_step { swaps[s].sent && swaps[s].done && swaps[s].last &&
              node[swaps[s].from].swap == waits ->
       printf("node %d hears that it is done\n", swaps[s].from);
       who = swaps[s].from;
       term = swaps[s].record.term;
       fresh = swaps[s].fresh;
       clear(s);
       succeed(who, term);
       node[who].fresh = fresh;
       who = 0;
       term = 0;
       fresh = false }
  :: d_step { swaps[s].sent && !swaps[s].done && !swaps[s].fresh ->
       printf("the witness refuses the swap of node %d\n", swaps[s].from);
       if
       :: swaps[s].last && node[swaps[s].from].swap == waits -> node[swaps[s].from].swap = doubts
       :: else
       fi;
       clear(s) }
  :: d_step { swaps[s].sent ->
       printf("a swap of node %d is lost, or its answer\n", swaps[s].from);
       clear(s) }
  od
}

/* The first node leads the first term, and alone. */
init {
  d_step {
    i = 0;
    do
    :: i <= TERMS -> leader_of[i] = NOBODY; i++
    :: else -> break
    od;
    forget(0);
    forget(1);
    witness.term = 1;
    witness.insync = BIT(0);
    lead(0, 1);
    node[0].fresh = true
  }
  atomic {
    i = 0;
    run Life(0);
    run Life(1);
    do
    :: i < SWAPS -> run Way(i); i++
    :: else -> break
    od
  }
}
