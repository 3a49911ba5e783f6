/// The sine and the cosine in single precision, bit for bit as PyTorch 2.13's `torch.sin` and `torch.cos` on contiguous
/// float32 CPU tensors (x86-64, AMD's processors) give them.
///
/// Found from those functions' results alone: x − n·π with the nearest n, in double precision with π in two parts as
/// W. J. Cody and W. Waite, "Software manual for the elementary functions" (1980), reduce it; then one polynomial for
/// all of −π/2 … π/2, rounded to single precision at the end. The polynomial is within 0.1 units of the last place of a
/// float, so one result in twenty is not the nearest float. Its coefficients are such that all results are torch's;
/// further digits of them decide on nothing.
package enum Sine {
    /// Where the results were compared: from 0 to here, all floats.
    package static let limit: Float = 2048

    /// The sine of a number of radians from 0 to ``limit``; NaN for others.
    package static func sine(_ number: Float) -> Float {
        guard (0...limit).contains(number) else { return .nan }
        let turns = (Double(number) * inverse).rounded(.toNearestOrEven)
        return value(Double(number), turns, of: Int(turns))
    }

    /// The cosine in the same way: the sine, a quarter of a turn on.
    package static func cosine(_ number: Float) -> Float {
        guard (0...limit).contains(number) else { return .nan }
        let turns = (Double(number) * inverse + 0.5).rounded(.toNearestOrEven)
        return value(Double(number), turns - 0.5, of: Int(turns))
    }

    /// The polynomial of what is left of a number less so many halves of turns.
    private static func value(_ number: Double, _ halves: Double, of turns: Int) -> Float {
        let reduced = (number - halves * leading) - halves * trailing
        let square = reduced * reduced
        let series =
            ((coefficients[3] * square + coefficients[2]) * square + coefficients[1]) * square
            + coefficients[0]
        let result = reduced + reduced * square * series
        return Float(turns.isMultiple(of: 2) ? result : -result)
    }

    /// 1/π.
    private static let inverse = 0x1.45f306dc9c883p-2
    /// π to 33 bits, so that its product with halves of turns is exact.
    private static let leading = 0x1.921fb544p+1
    /// The rest of π.
    private static let trailing = 0x1.0b4611a626331p-33
    /// Of the third, fifth, seventh and ninth power.
    private static let coefficients = [
        -0x1.55554bc836620p-3, 0x1.110ed3804eb34p-7, -0x1.9f6ffeead23bfp-13, 0x1.5dbdf0e9b0aa5p-19,
    ]
}
