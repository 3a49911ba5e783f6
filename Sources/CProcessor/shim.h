// What the processor can do, which Swift has no name for.
#ifndef KNAPSACK_CPROCESSOR_SHIM_H
#define KNAPSACK_CPROCESSOR_SHIM_H

// The highest level of the x86-64 psABI (section 3.1.1) that the processor and the system have, of 1, 3 and 4; 1 on
// other processors.
static inline int knapsack_processor_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
#endif
    return 1;
}

#endif
