// Sixteen numbers at a time. Swift 6.3 writes arithmetic on its vectors as loops over lanes, which the optimizer only
// sometimes puts together again; a function of C is one operation on a vector wherever it is used.
//
// Each function is a single operation, so that no compiler fuses two of them, and all are exact or rounded as IEEE 754
// says: the results are the same for every processor.
#ifndef KNAPSACK_CLANES_LANES_H
#define KNAPSACK_CLANES_LANES_H

typedef float lanes_floats __attribute__((ext_vector_type(16)));
typedef int lanes_bits __attribute__((ext_vector_type(16)));
typedef unsigned int lanes_unsigned __attribute__((ext_vector_type(16)));
typedef unsigned short lanes_words __attribute__((ext_vector_type(16)));
typedef unsigned char lanes_bytes __attribute__((ext_vector_type(16)));

#define LANES static inline __attribute__((always_inline))

// How many registers hold sixteen numbers.
#if defined(__AVX512F__)
LANES int lanes_registers(void) { return 1; }
#elif defined(__AVX2__)
LANES int lanes_registers(void) { return 2; }
#else
LANES int lanes_registers(void) { return 4; }
#endif

LANES lanes_floats lanes_repeat(float a) { return (lanes_floats)a; }
LANES lanes_floats lanes_list(
    float a, float b, float c, float d, float e, float f, float g, float h, float i, float j, float k, float l, float m,
    float n, float o, float p) {
    const lanes_floats list = {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p};
    return list;
}
// One number in the lower eight lanes, another in the upper ones.
LANES lanes_floats lanes_halves(float a, float b) {
    return __builtin_shufflevector(
        lanes_repeat(a), lanes_repeat(b), 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31);
}
LANES lanes_floats lanes_add(lanes_floats a, lanes_floats b) { return a + b; }
LANES lanes_floats lanes_subtract(lanes_floats a, lanes_floats b) { return a - b; }
LANES lanes_floats lanes_multiply(lanes_floats a, lanes_floats b) { return a * b; }
LANES lanes_floats lanes_divide(lanes_floats a, lanes_floats b) { return a / b; }
LANES lanes_floats lanes_root(lanes_floats a) { return __builtin_elementwise_sqrt(a); }

// Masks are all ones where something holds, and zero elsewhere.
LANES lanes_bits lanes_less(lanes_floats a, lanes_floats b) { return a < b; }
LANES lanes_bits lanes_at_most(lanes_floats a, lanes_floats b) { return a <= b; }
LANES lanes_bits lanes_not_equal(lanes_floats a, lanes_floats b) { return a != b; }
// Where both masks are. Without a register of masks the optimizer would put a mask of sixteen into sixteen bytes, and take
// it apart for every use: what it does not see through stays as it is.
#if defined(__AVX512F__) || !defined(__SSE2__)
LANES lanes_bits lanes_both(lanes_bits a, lanes_bits b) { return a & b; }
#elif defined(__AVX2__)
typedef int lanes_mask256 __attribute__((ext_vector_type(8)));
LANES lanes_mask256 lanes_both_masks(lanes_mask256 a, lanes_mask256 b) {
    __asm__("" : "+x"(a));
    return a & b;
}
LANES lanes_bits lanes_both(lanes_bits a, lanes_bits b) {
    lanes_bits both;
    both.lo = lanes_both_masks(a.lo, b.lo);
    both.hi = lanes_both_masks(a.hi, b.hi);
    return both;
}
#else
typedef int lanes_mask128 __attribute__((ext_vector_type(4)));
LANES lanes_mask128 lanes_both_masks(lanes_mask128 a, lanes_mask128 b) {
    __asm__("" : "+x"(a));
    return a & b;
}
LANES lanes_bits lanes_both(lanes_bits a, lanes_bits b) {
    lanes_bits both;
    both.lo.lo = lanes_both_masks(a.lo.lo, b.lo.lo);
    both.lo.hi = lanes_both_masks(a.lo.hi, b.lo.hi);
    both.hi.lo = lanes_both_masks(a.hi.lo, b.hi.lo);
    both.hi.hi = lanes_both_masks(a.hi.hi, b.hi.hi);
    return both;
}
#endif
LANES lanes_floats lanes_select(lanes_bits mask, lanes_floats a, lanes_floats b) { return mask ? a : b; }
// A bit for each lane, that of the first the lowest.
typedef _Bool lanes_truths __attribute__((ext_vector_type(16)));
LANES unsigned lanes_mask_bits(lanes_bits mask) {
    union { lanes_truths truths; unsigned short bits; } both = {__builtin_convertvector(mask, lanes_truths)};
    return both.bits;
}
LANES int lanes_any(lanes_bits mask) { return lanes_mask_bits(mask) != 0; }

LANES lanes_bits lanes_repeat_bits(int a) { return (lanes_bits)a; }
LANES lanes_bits lanes_and(lanes_bits a, lanes_bits b) { return a & b; }
LANES lanes_bits lanes_or(lanes_bits a, lanes_bits b) { return a | b; }
LANES lanes_bits lanes_plus(lanes_bits a, lanes_bits b) { return (lanes_bits)((lanes_unsigned)a + (lanes_unsigned)b); }
LANES lanes_bits lanes_minus(lanes_bits a, lanes_bits b) { return (lanes_bits)((lanes_unsigned)a - (lanes_unsigned)b); }
LANES lanes_bits lanes_shift_left(lanes_bits a, int count) {
    return (lanes_bits)((lanes_unsigned)a << (unsigned)(count & 31));
}
LANES lanes_bits lanes_shift_right(lanes_bits a, int count) {
    return (lanes_bits)((lanes_unsigned)a >> (unsigned)(count & 31));
}

LANES lanes_bits lanes_clear(lanes_bits mask, lanes_bits a) { return mask ? 0 : a; }
LANES lanes_bits lanes_numbers(void) {
    const lanes_bits numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return numbers;
}
// The mask of which these are the bits.
LANES lanes_bits lanes_mask_of(unsigned bits) {
    return ((lanes_unsigned)bits >> (lanes_unsigned)lanes_numbers() & 1) != 0;
}
LANES unsigned lanes_lowest_bits(lanes_bits a) { return lanes_mask_bits((a & 1) != 0); }
LANES lanes_bits lanes_select_bits(lanes_bits mask, lanes_bits a, lanes_bits b) { return mask ? a : b; }
// The least of numbers, all of which are numbers.
LANES float lanes_least(lanes_floats a) {
    lanes_floats b = __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    a = a < b ? a : b;
    b = __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
    a = a < b ? a : b;
    b = __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
    a = a < b ? a : b;
    return a[0] < a[1] ? a[0] : a[1];
}
LANES lanes_bits lanes_less_bits(lanes_bits a, lanes_bits b) { return a < b; }

// The same bits as the other kind of number.
LANES lanes_bits lanes_bits_of(lanes_floats a) {
    union { lanes_floats floats; lanes_bits bits; } both = {a};
    return both.bits;
}
LANES lanes_floats lanes_floats_of(lanes_bits a) {
    union { lanes_bits bits; lanes_floats floats; } both = {a};
    return both.floats;
}

// Whole numbers as floats, all less than 2^24.
LANES lanes_floats lanes_convert(lanes_bits a) { return __builtin_convertvector(a, lanes_floats); }
LANES lanes_bits lanes_widen_words(lanes_words a) { return __builtin_convertvector(a, lanes_bits); }
// The lowest eight bits of each.
LANES lanes_bytes lanes_narrow(lanes_bits a) { return __builtin_convertvector(a, lanes_bytes); }
LANES lanes_bits lanes_widen(lanes_bytes a) { return __builtin_convertvector(a, lanes_bits); }

// The numbers of a table at places from 0 to 15; of a table that is twice eight numbers, or four times four, at the
// places that the lowest bits say.
#if defined(__AVX512F__)
typedef float lanes_float512 __attribute__((vector_size(64)));
typedef int lanes_int512 __attribute__((vector_size(64)));
LANES int lanes_has_lookup(void) { return 1; }
LANES lanes_floats lanes_lookup(lanes_floats table, lanes_bits places) {
    return (lanes_floats)__builtin_ia32_permvarsf512((lanes_float512)table, (lanes_int512)places);
}
LANES lanes_floats lanes_lookup_eight(lanes_floats table, lanes_bits places) { return lanes_lookup(table, places); }
LANES lanes_floats lanes_lookup_four(lanes_floats table, lanes_bits places) {
    return (lanes_floats)__builtin_ia32_vpermilvarps512((lanes_float512)table, (lanes_int512)places);
}
#elif defined(__AVX2__)
typedef float lanes_float256 __attribute__((vector_size(32)));
typedef int lanes_int256 __attribute__((vector_size(32)));
typedef float lanes_half __attribute__((ext_vector_type(8)));
LANES int lanes_has_lookup(void) { return 1; }
LANES lanes_half lanes_lookup_half(lanes_half table, lanes_int256 places) {
    return (lanes_half)__builtin_ia32_permvarsf256((lanes_float256)table, places);
}
LANES lanes_floats lanes_lookup(lanes_floats table, lanes_bits places) {
    const lanes_int256 low = (lanes_int256)places.lo, high = (lanes_int256)places.hi;
    lanes_floats lower, upper;
    lower.lo = lanes_lookup_half(table.lo, low);
    lower.hi = lanes_lookup_half(table.lo, high);
    upper.lo = lanes_lookup_half(table.hi, low);
    upper.hi = lanes_lookup_half(table.hi, high);
    return (places << 28) < 0 ? upper : lower;
}
LANES lanes_floats lanes_lookup_eight(lanes_floats table, lanes_bits places) {
    lanes_floats found;
    found.lo = lanes_lookup_half(table.lo, (lanes_int256)places.lo);
    found.hi = lanes_lookup_half(table.hi, (lanes_int256)places.hi);
    return found;
}
LANES lanes_floats lanes_lookup_four(lanes_floats table, lanes_bits places) {
    lanes_floats found;
    found.lo = (lanes_half)__builtin_ia32_vpermilvarps256((lanes_float256)table.lo, (lanes_int256)places.lo);
    found.hi = (lanes_half)__builtin_ia32_vpermilvarps256((lanes_float256)table.hi, (lanes_int256)places.hi);
    return found;
}
#else
LANES int lanes_has_lookup(void) { return 0; }
LANES lanes_floats lanes_lookup(lanes_floats table, lanes_bits places) {
    lanes_floats found;
    for (int lane = 0; lane < 16; lane++) found[lane] = table[places[lane] & 15];
    return found;
}
LANES lanes_floats lanes_lookup_eight(lanes_floats table, lanes_bits places) { return lanes_lookup(table, places & 7); }
LANES lanes_floats lanes_lookup_four(lanes_floats table, lanes_bits places) { return lanes_lookup(table, places & 3); }
#endif

// Numbers of binary16, exactly; a signalling NaN becomes a quiet one.
#if defined(__F16C__)
typedef _Float16 lanes_float16s __attribute__((ext_vector_type(16)));
LANES lanes_floats lanes_of_halves(lanes_words a) {
    union { lanes_words words; lanes_float16s numbers; } both = {a};
    return __builtin_convertvector(both.numbers, lanes_floats);
}
#else
LANES lanes_floats lanes_of_halves(lanes_words a) {
    const lanes_bits bits = lanes_widen_words(a), magnitudes = (bits & 0x7FFF) << 13;
    // The product with 2^112 moves the exponent's bias, and makes subnormals normal.
    const lanes_bits finite = lanes_bits_of(lanes_floats_of(magnitudes) * 0x1p112f);
    const lanes_bits special = magnitudes | 0x7F800000 | ((bits & 0x3FF) != 0 & 0x400000);
    const lanes_bits signs = (lanes_bits)((lanes_unsigned)(bits & 0x8000) << 16);
    return lanes_floats_of(signs | ((bits & 0x7C00) == 0x7C00 ? special : finite));
}
#endif

// One of the halves twice, one of the quarters four times.
LANES lanes_floats lanes_half_twice(lanes_floats a, int part) {
    return part == 0 ? __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7)
                     : __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}
LANES lanes_floats lanes_quarter_four_times(lanes_floats a, int part) {
    switch (part) {
    case 0: return __builtin_shufflevector(a, a, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    case 1: return __builtin_shufflevector(a, a, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
    case 2: return __builtin_shufflevector(a, a, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
    default: return __builtin_shufflevector(a, a, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
    }
}

// The lower eight of two vectors in turn, and the upper eight.
LANES lanes_floats lanes_zip_low(lanes_floats a, lanes_floats b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
LANES lanes_floats lanes_zip_high(lanes_floats a, lanes_floats b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

#undef LANES
#endif
