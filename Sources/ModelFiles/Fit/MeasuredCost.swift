package import Tensors

/// What a type costs a tensor: sums over all its elements, weighted by the importance of their columns if it is known.
package struct MeasuredCost: Hashable, Sendable {
    /// The sum of the squared errors; infinite where the type cannot hold the tensor's numbers.
    package let error: Double
    /// The sum of the squares of the numbers themselves.
    package let energy: Double

    /// States both sums.
    package init(error: Double, energy: Double) {
        self.error = error
        self.energy = energy
    }

    /// The error relative to the tensor's output: the squared errors over the squares; `nil` where the type cannot
    /// hold the numbers.
    package var relative: Double? {
        guard error.isFinite, energy.isFinite else { return nil }
        return error == 0 ? 0 : energy == 0 ? nil : error / energy
    }

    /// The sums' bits in hexadecimal digits.
    var text: String {
        "\(String(error.bitPattern, radix: 16)) \(String(energy.bitPattern, radix: 16))"
    }

    /// Reads what ``text`` gives; `nil` where it is something else.
    init?(text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let error = UInt64(words[0], radix: 16),
            let energy = UInt64(words[1], radix: 16)
        else { return nil }
        self.init(error: Double(bitPattern: error), energy: Double(bitPattern: energy))
        guard self.error >= 0, self.energy >= 0 else { return nil }
    }
}

/// A tensor whose costs are wanted.
package struct CostRequest: Sendable {
    /// The tensor's place in the source's list.
    package let tensor: Int
    /// The types, each once, all of which the tensor's rows are whole blocks of.
    package let types: [GGMLType]
    /// The importance of the columns, matrix after matrix; empty where it is not known.
    package let importance: [Float]
    /// How often each of the matrices is used, as a multiple of the mean; empty where all count the same.
    package let usage: [Double]

    /// States what is wanted.
    package init(tensor: Int, types: [GGMLType], importance: [Float] = [], usage: [Double] = []) {
        self.tensor = tensor
        self.types = types
        self.importance = importance
        self.usage = usage
    }
}
