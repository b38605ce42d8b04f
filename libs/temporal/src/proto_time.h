/* Milliseconds to and from protobuf's durations and timestamps. What the wire brings is clamped, never trusted. */
#ifndef TEMPORAL_PROTO_TIME_H
#define TEMPORAL_PROTO_TIME_H

#include <stdint.h>

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

/* 315,576,000,000 s: protobuf's own limit for durations, about 10,000 years. */
#define PROTO_SECONDS_MAX ((int64_t)315576000000)

static inline int64_t proto_time_ms(int64_t seconds, int32_t nanos)
{
    if (seconds > PROTO_SECONDS_MAX) {
        seconds = PROTO_SECONDS_MAX;
    } else if (seconds < -PROTO_SECONDS_MAX) {
        seconds = -PROTO_SECONDS_MAX;
    }
    return seconds * 1000 + nanos / 1000000;
}

/* NULL: 0 */
static inline int64_t duration_to_ms(const Google__Protobuf__Duration *duration)
{
    return duration != NULL ? proto_time_ms(duration->seconds, duration->nanos) : 0;
}

/* NULL: 0 */
static inline int64_t timestamp_to_ms(const Google__Protobuf__Timestamp *timestamp)
{
    return timestamp != NULL ? proto_time_ms(timestamp->seconds, timestamp->nanos) : 0;
}

/* Fills caller's storage. */
static inline void duration_init_ms(Google__Protobuf__Duration *duration, int64_t ms)
{
    google__protobuf__duration__init(duration);
    duration->seconds = ms / 1000;
    duration->nanos = (int32_t)(ms % 1000) * 1000000;
}

static inline void timestamp_init_ms(Google__Protobuf__Timestamp *timestamp, int64_t ms)
{
    google__protobuf__timestamp__init(timestamp);
    timestamp->seconds = ms / 1000;
    timestamp->nanos = (int32_t)(ms % 1000) * 1000000;
}

#endif
