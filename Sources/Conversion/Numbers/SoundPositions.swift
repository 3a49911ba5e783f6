/// The positions that Qwen's encoders of sound add: for each of them sines, then cosines, of wavelengths from 2π to
/// 20000π, each step rounded as the reference's (qwenvl.py, `generate_extra_tensors`).
package enum SoundPositions {
    /// How many positions there are, whatever a configuration states.
    package static let count = 1500

    /// A part of the numbers of all positions, one position after the other.
    /// - Parameters:
    ///   - elements: which of ``count`` times as many.
    ///   - width: how many numbers a position has: an even number, 4 at least.
    package static func numbers(_ elements: Range<Int>, width: Int) -> [Float] {
        let half = width / 2
        // log 10000.
        let step = Float(-(0x1.26bb1bbb55516p+3 / Double(half - 1)))
        let rates = (0..<half).map { Exponential.value(step * Float($0)) }
        return elements.map { element in
            let (place, column) = element.quotientAndRemainder(dividingBy: width)
            return column < half
                ? Sine.sine(Float(place) * rates[column]) : Sine.cosine(Float(place) * rates[column - half])
        }
    }
}
