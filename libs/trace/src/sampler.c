/* See trace/sampler.h. */
#include "trace/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLD_ALL ((uint64_t)1 << 63)

static const struct {
    const char *name;
    enum trace_sampler_kind root;
    bool is_parent_based;
} s_samplers[] = {
    {"parentbased_always_on", TRACE_SAMPLER_ALWAYS_ON, true},
    {"parentbased_always_off", TRACE_SAMPLER_ALWAYS_OFF, true},
    {"parentbased_traceidratio", TRACE_SAMPLER_RATIO, true},
    {"always_on", TRACE_SAMPLER_ALWAYS_ON, false},
    {"always_off", TRACE_SAMPLER_ALWAYS_OFF, false},
    {"traceidratio", TRACE_SAMPLER_RATIO, false},
};

static bool parse_ratio(const char *text, uint64_t *out_threshold)
{
    char *end = NULL;
    double ratio = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(ratio) || ratio < 0.0 || ratio > 1.0) {
        return false;
    }
    *out_threshold = (uint64_t)(ratio * (double)THRESHOLD_ALL);
    return true;
}

bool trace_sampler_parse(const char *name, const char *argument, struct trace_sampler *out)
{
    *out = (struct trace_sampler){
        .root = TRACE_SAMPLER_ALWAYS_ON, .is_parent_based = true, .threshold = THRESHOLD_ALL};
    if (name == NULL || *name == '\0') {
        return true;
    }
    for (size_t i = 0; i < sizeof s_samplers / sizeof s_samplers[0]; i++) {
        if (strcmp(s_samplers[i].name, name) == 0) {
            out->root = s_samplers[i].root;
            out->is_parent_based = s_samplers[i].is_parent_based;
            return out->root != TRACE_SAMPLER_RATIO || argument == NULL || *argument == '\0' ||
                   parse_ratio(argument, &out->threshold);
        }
    }
    return false;
}

bool trace_sampler_decide(const struct trace_sampler *sampler, const struct trace_context *parent,
                          const uint8_t trace_id[TRACE_ID_BYTES])
{
    if (sampler->is_parent_based && parent != NULL) {
        return trace_context_is_sampled(parent);
    }
    uint64_t low = 0;
    switch (sampler->root) {
    case TRACE_SAMPLER_ALWAYS_OFF:
        return false;
    case TRACE_SAMPLER_RATIO:
        for (size_t i = TRACE_ID_BYTES - sizeof low; i < TRACE_ID_BYTES; i++) {
            low = low << 8 | trace_id[i];
        }
        return low >> 1 < sampler->threshold;
    case TRACE_SAMPLER_ALWAYS_ON:
        break;
    }
    return true;
}
