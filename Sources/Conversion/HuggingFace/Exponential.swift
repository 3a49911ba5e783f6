/// The exponential function as torch computes it of 32-bit floats.
///
/// No two libraries round it alike. torch asks Intel's MKL, which has a function for each kind of processor; this is the
/// one for AMD's, whose results are the nearest to the exact ones (about 1 % are the neighbour of the nearest float; on
/// Intel's processors torch rounds 2 to 4 % of all arguments to the neighbour of this one's). It is the method of Tang,
/// "Table-driven implementation of the exponential function in IEEE floating-point arithmetic" (ACM Transactions on
/// Mathematical Software 15, 1989), with 128 intervals and a polynomial of degree 2, without fused operations.
package enum Exponential {
    /// e to the power of a number: infinite above 88.73, 0 below -103.98, and not a number of what is none.
    package static func value(_ number: Float) -> Float {
        guard number.magnitude <= limit else { return far(number) }
        // The nearest whole number of 128ths of ln 2, in the lowest bits of a float that has none behind the point.
        let shifted = number * intervalsPerUnit + roundingShift
        let interval = shifted.bitPattern
        let count = shifted - roundingShift
        let rest = (number - count * intervalStart) + count * intervalRest
        let polynomial = rest * rest * 0.5 + rest
        let entry = powers[Int(interval & 127)]
        let power = Float(bitPattern: UInt32(truncatingIfNeeded: entry >> 32))
        let powerRest = Float(bitPattern: UInt32(truncatingIfNeeded: entry))
        let fraction = (power * polynomial + powerRest) + power
        // The other bits of the whole number are the exponent.
        return fraction * Float(bitPattern: ((interval << 16) &+ 0x3f80_0000) & 0x7f80_0000)
    }

    /// Where the exponent of a result of the method is that of a normal number.
    private static let limit = Float(bitPattern: 0x42ae_ac4f)
    /// 128 / ln 2.
    private static let intervalsPerUnit = Float(bitPattern: 0x4338_aa3b)
    /// 1.5 times 2 to the power of 23.
    private static let roundingShift = Float(bitPattern: 0x4b40_0000)
    /// ln 2 / 128, rounded to so few bits that products with whole numbers are exact.
    private static let intervalStart = Float(bitPattern: 0x3bb1_8000)
    /// What ``intervalStart`` is above ln 2 / 128.
    private static let intervalRest = Float(bitPattern: 0x35de_8083)

    /// What the method's exponents do not reach: the float that is nearest to the exact result.
    private static func far(_ number: Float) -> Float {
        guard number.magnitude < 128 else { return number.isNaN ? .nan : number > 0 ? .infinity : 0 }
        let doublings = (Double(number) * 1.4426950408889634).rounded()
        let rest = (Double(number) - doublings * 0x1.62e42fefap-1) - doublings * 0x1.cf79abc9e3b3ap-40
        var (term, sum) = (1.0, 1.0)
        for degree in 1...16 {
            term *= rest / Double(degree)
            sum += term
        }
        return Float(sum * Double(sign: .plus, exponent: Int(doublings), significand: 1))
    }

    /// 2 to the power of each 128th from 0: the nearest float in the upper half, the float nearest to the rest in the lower.
    private static let powers: [UInt64] = [
        0x3f800000_00000000, 0x3f80b1ed_331fb333, 0x3f8164d2_b1c43fd0, 0x3f8218af_3306e7f8,
        0x3f82cd87_b34ea7a9, 0x3f838359_331ddf6e, 0x3f843a29_b2f14c87, 0x3f84f1f6_332c6f38,
        0x3f85aac3_334f9891, 0x3f866491_3337247f, 0x3f871f62_b352c2e6, 0x3f87db35_337fed32,
        0x3f88980f_b37eda4b, 0x3f8955ee_30d86398, 0x3f8a14d5_336a92de, 0x3f8ad4c6_330a58e5,
        0x3f8b95c2_b260aba1, 0x3f8c57ca_b2ee6e43, 0x3f8d1adf_3336fcb7, 0x3f8ddf04_32808b9a,
        0x3f8ea43a_b3697465, 0x3f8f6a81_323f3647, 0x3f9031dc_330628cd, 0x3f90fa4d_b3682237,
        0x3f91c3d3_33675624, 0x3f928e72_337b2a64, 0x3f935a2b_32bc4f9c, 0x3f9426ff_31fab1c0,
        0x3f94f4f0_b32e0212, 0x3f95c3ff_b3725267, 0x3f96942d_32dc8061, 0x3f97657d_3313e2f5,
        0x3f9837f0_33231b71, 0x3f990b88_b26cc9f4, 0x3f99e046_b359be90, 0x3f9ab62b_b0dac01e,
        0x3f9b8d3a_b30c5563, 0x3f9c6573_33505d86, 0x3f9d3eda_b331a601, 0x3f9e196e_3244ea39,
        0x3f9ef532_33412342, 0x3f9fd228_32959003, 0x3fa0b051_31fb9715, 0x3fa18faf_b2d5eaed,
        0x3fa27043_30c3125a, 0x3fa3520f_3351d005, 0x3fa43516_b323ec33, 0x3fa51958_b37282c2,
        0x3fa5fed7_b32c9d5e, 0x3fa6e595_b2c0445e, 0x3fa7cd94_b3162d36, 0x3fa8b6d5_3233d990,
        0x3fa9a15b_b3162b08, 0x3faa8d26_3325d921, 0x3fab7a3a_b314ad82, 0x3fac6897_b3368380,
        0x3fad583f_b22deaf6, 0x3fae4934_3325946b, 0x3faf3b79_b3252deb, 0x3fb02f0e_b2d1247f,
        0x3fb123f6_b37c5aa8, 0x3fb21a32_b33333ce, 0x3fb311c4_32154889, 0x3fb40aaf_b33b3569,
        0x3fb504f3_32cfe77a, 0x3fb60094_b32f4254, 0x3fb6fd92_b266b974, 0x3fb7fbf0_b2d5cd70,
        0x3fb8fbaf_330ec5f7, 0x3fb9fcd2_330a5817, 0x3fbaff5b_b31bd983, 0x3fbc034a_337de5d4,
        0x3fbd08a4_b3414fe8, 0x3fbe0f68_31986099, 0x3fbf179a_b3130b1a, 0x3fc0213b_b33c1e5f,
        0x3fc12c4d_b2d6663e, 0x3fc238d2_32c478f6, 0x3fc346cd_b2976da2, 0x3fc4563f_b2ceb32d,
        0x3fc5672a_320aa837, 0x3fc67991_b314abb7, 0x3fc78d75_b2dd5119, 0x3fc8a2d8_33391ffc,
        0x3fc9b9be_b37323a2, 0x3fcad226_333c8521, 0x3fcbec15_b006c6c2, 0x3fcd078c_b3735f84,
        0x3fce248c_3228fc24, 0x3fcf4319_b2c39b9c, 0x3fd06334_b2944353, 0x3fd184df_3344a2d3,
        0x3fd2a81e_b35c1daa, 0x3fd3ccf1_b34cf4ca, 0x3fd4f35b_b3286024, 0x3fd61b5e_b0303219,
        0x3fd744fd_b2d4a58a, 0x3fd87039_3318db66, 0x3fd99d16_b2f61d41, 0x3fdacb94_335e5594,
        0x3fdbfbb8_b3504a1c, 0x3fdd2d82_b375ef9b, 0x3fde60f5_b37b43e3, 0x3fdf9613_b2851c3f,
        0x3fe0ccdf_b21eab59, 0x3fe2055b_ac3e164c, 0x3fe33f89_33657d15, 0x3fe47b6d_b33f9185,
        0x3fe5b907_b2441be6, 0x3fe6f85b_b32a23c0, 0x3fe8396a_33207898, 0x3fe97c38_3300d89f,
        0x3feac0c7_b24116de, 0x3fec0719_b31367c7, 0x3fed4f30_3276cca1, 0x3fee9910_b34fe4ba,
        0x3fefe4ba_b348464a, 0x3ff13231_b330a5ed, 0x3ff28177_32f167ff, 0x3ff3d290_b2871670,
        0x3ff5257d_32292436, 0x3ff67a41_3358e67f, 0x3ff7d0df_336615a2, 0x3ff9295a_b3094457,
        0x3ffa83b3_b2923758, 0x3ffbdfed_3359cbe1, 0x3ffd3e0c_31cf486c, 0x3ffe9e11_3338f71f,
    ]
}
