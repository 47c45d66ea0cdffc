/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts of the Redis store, each one act of the server. A script takes nothing back: it compares everything first,
 * and then writes.
 *
 * Every script but BOOT and LEAVE begins with FENCE: KEYS 1-3 are the run's hash, the lease of the agent and the stream
 * of acts; ARGV 1-4 the agent ("" if none is held), its epoch, where it is held from, and the lease in ms. A reply is
 * an array that begins with the number of acts so far, or with a word that says why nothing was done.
 */
#include "store/store_redis.h"

#define FENCE                                                                                                          \
    "local meta, lease, stream, agent = KEYS[1], KEYS[2], KEYS[3], ARGV[1] "                                           \
    "local acts = redis.call('HGET', meta, 'acts') "                                                                   \
    "if not acts then return {'lost'} end "                                                                            \
    "if agent ~= '' then "                                                                                             \
    " local epoch = redis.call('HGET', meta, 'epoch:' .. agent) or '0' "                                               \
    " if epoch ~= ARGV[2] then return {'fenced', epoch} end "                                                          \
    " redis.call('SET', lease, ARGV[3], 'PX', ARGV[4]) "                                                               \
    "end " /* one more act, for those who wait for one */                                                              \
    "local function act() "                                                                                            \
    " acts = redis.call('HINCRBY', meta, 'acts', 1) "                                                                  \
    " redis.call('XADD', stream, 'MAXLEN', '~', 64, acts .. '-0', 'by', agent) "                                       \
    "end "                                                                                                             \
    "local function append(key, value) "                                                                               \
    " redis.call('XADD', key, (redis.call('XLEN', key) + 1) .. '-0', 'v', value) "                                     \
    "end "

/* Rows ARGV[first + step * i] = key, + 1 = value: which of them the hash lacks, or the first that differs. */
#define COMPARE                                                                                                        \
    "local function compare(hash, n, first, step) "                                                                    \
    " local fresh, mine = {}, {} "                                                                                     \
    " for i = 0, n - 1 do "                                                                                            \
    "  local k, v = ARGV[first + step * i], ARGV[first + step * i + 1] "                                               \
    "  local there = mine[k] or redis.call('HGET', hash, k) "                                                          \
    "  if there and there ~= v then return nil, i, there end "                                                         \
    "  if not there then fresh[#fresh + 1] = first + step * i end "                                                    \
    "  mine[k] = v "                                                                                                   \
    " end "                                                                                                            \
    " return fresh "                                                                                                   \
    "end "

/* Keys in a stream behind a cursor, each followed by its value in a hash. */
#define READ                                                                                                           \
    "local function read(out, key, hash, cursor, count) "                                                              \
    " for _, e in ipairs(redis.call('XRANGE', key, cursor .. '-1', '+', 'COUNT', count)) do "                          \
    "  out[#out + 1] = e[2][2] "                                                                                       \
    "  out[#out + 1] = redis.call('HGET', hash, e[2][2]) or '' "                                                       \
    " end "                                                                                                            \
    "end "

static const char *const text[MG_N_SCRIPTS] = {
    /* Each right is used once, on keys of its own: one that is missing is found before an act is left half done. Then
     * the acts that this run of the server began with: who knows of more has seen some that are lost. */
    [MG_SCRIPT_BOOT] = "redis.call('HSET', KEYS[1], 'probe', 0) "
                       "redis.call('HINCRBY', KEYS[1], 'probe', 1) "
                       "redis.call('HLEN', KEYS[1]) "
                       "redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'v', 1) "
                       "redis.call('XLEN', KEYS[2]) "
                       "redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1) "
                       "redis.call('SET', KEYS[3], 1, 'PX', 1000) "
                       "redis.call('GET', KEYS[3]) "
                       "redis.call('PEXPIRE', KEYS[3], 1) "
                       "redis.call('HSETNX', KEYS[1], 'schema', ARGV[2]) "
                       "redis.call('HSETNX', KEYS[1], 'acts', 0) "
                       "redis.call('HSETNX', KEYS[1], 'boot:' .. ARGV[1], redis.call('HGET', KEYS[1], 'acts')) "
                       "return {redis.call('HGET', KEYS[1], 'schema'), "
                       " redis.call('HGET', KEYS[1], 'boot:' .. ARGV[1])}",
    [MG_SCRIPT_AGREE] = FENCE "redis.call('HSETNX', meta, 'is:' .. ARGV[5], ARGV[6]) "
                              "local there = redis.call('HGET', meta, 'is:' .. ARGV[5]) "
                              "if there == ARGV[6] then return {acts} end "
                              "return {acts, there}",
    [MG_SCRIPT_HOLD] = FENCE "local who = redis.call('GET', lease) "
                             "if who and who ~= ARGV[3] then return {'held', who} end "
                             "redis.call('SET', lease, ARGV[3], 'PX', ARGV[4]) "
                             "return {acts, redis.call('HINCRBY', meta, 'epoch:' .. ARGV[5], 1)}",
    [MG_SCRIPT_LEAVE] = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], 1) end",
    [MG_SCRIPT_SYNC] = FENCE "redis.call('HINCRBY', meta, 'synced:' .. agent, 1) return {acts}",
    /* KEYS: 4 subtasks, 5 results, 6 order of results, 7.. queues. ARGV: 5 cursor, 6 most, 7 n, then key, value,
     * queue */
    [MG_SCRIPT_ASK] = FENCE COMPARE READ "local fresh, i, there = compare(KEYS[4], tonumber(ARGV[7]), 8, 3) "
                                         "if not fresh then return {'differs', i, there} end "
                                         "for _, at in ipairs(fresh) do "
                                         " redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1]) "
                                         " append(KEYS[tonumber(ARGV[at + 2])], ARGV[at]) "
                                         "end "
                                         "if #fresh > 0 then act() end "
                                         "local out = {acts} "
                                         "read(out, KEYS[6], KEYS[5], ARGV[5], ARGV[6]) "
                                         "return out",
    /* KEYS: 4 subtasks, 5 results, 6 order of results, 7 queue, 8 phases. ARGV: 5 cursor, 6 most, 7 phase, 8 n, then
     * key, value */
    [MG_SCRIPT_SERVE] = FENCE COMPARE READ "local fresh, i, there = compare(KEYS[5], tonumber(ARGV[8]), 9, 2) "
                                           "if not fresh then return {'differs', i, there} end "
                                           "for _, at in ipairs(fresh) do "
                                           " redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 1]) "
                                           " append(KEYS[6], ARGV[at]) "
                                           "end "
                                           "if #fresh > 0 then act() end "
                                           "local out = {acts, redis.call('HGET', KEYS[8], ARGV[7]) or '', "
                                           " redis.call('XLEN', KEYS[7])} "
                                           "read(out, KEYS[7], KEYS[4], ARGV[5], ARGV[6]) "
                                           "return out",
    /* KEYS: 4 subtasks, 5 rollouts, 6 phases. ARGV: 5 from, 6 n, 7 whether these are the last, 8 phase, 9 how it ends,
     * 10 subtasks, then values */
    [MG_SCRIPT_HAND_IN] = FENCE "local from, n = tonumber(ARGV[5]), tonumber(ARGV[6]) "
                                "local there = redis.call('XRANGE', KEYS[5], from .. '-1', (from + n) .. '-0') "
                                "if redis.call('XLEN', KEYS[5]) < from then return {'lost'} end "
                                "for i, e in ipairs(there) do "
                                " if e[2][2] ~= ARGV[10 + i] then return {'differs', i - 1, e[2][2]} end "
                                "end "
                                "local last, ended = ARGV[7] == '1', redis.call('HGET', KEYS[6], ARGV[8]) "
                                "if last and redis.call('HLEN', KEYS[4]) ~= tonumber(ARGV[10]) then "
                                " return {'asked', redis.call('HLEN', KEYS[4])} "
                                "end "
                                "if last and ended and ended ~= ARGV[9] then return {'ended', ended} end "
                                "for i = #there + 1, n do append(KEYS[5], ARGV[10 + i]) end "
                                "if last and not ended then "
                                " redis.call('HSET', KEYS[6], ARGV[8], ARGV[9]) "
                                " act() "
                                "end "
                                "return {acts}",
    /* KEYS: 4 rollouts, 5 phases. ARGV: 5 from, 6 most, 7 phase */
    [MG_SCRIPT_ROLLOUTS] = FENCE "local out = {acts, redis.call('HGET', KEYS[5], ARGV[7]) or ''} "
                                 "for _, e in ipairs(redis.call('XRANGE', KEYS[4], ARGV[5] .. '-1', '+', 'COUNT', "
                                 "ARGV[6])) do "
                                 " out[#out + 1] = e[2][2] "
                                 "end "
                                 "return out",
    [MG_SCRIPT_PUT_NOTE] = FENCE "redis.call('HSET', KEYS[4], agent, ARGV[5]) return {acts}",
    [MG_SCRIPT_NOTE] = FENCE "return {acts, redis.call('HGET', KEYS[4], ARGV[5]) or ''}",
};

const char *
mg_script_text(enum mg_script which)
{
    return text[which];
}
