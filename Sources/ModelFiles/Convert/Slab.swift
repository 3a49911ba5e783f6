/// A part of a tensor that one worker takes at a time.
struct Slab: Equatable {
    /// The slab's number in the order of all.
    let number: Int
    /// The tensor's place in the list of those to write.
    let tensor: Int
    /// The elements: whole blocks of both types, and whole rows of one matrix where importance is known. Where bytes
    /// are copied, they are the elements.
    let elements: Range<Int>
}

/// Hands out the slabs of a model in order, one after the other.
struct SlabQueue {
    /// What has to be known of a tensor to cut it.
    struct Tensor: Equatable {
        /// The number of elements.
        let count: Int
        /// What the bounds of slabs have to be multiples of, counted from the last multiple of `period`.
        let unit: Int
        /// What no slab may cross: the elements of one matrix with importance, of all otherwise.
        let period: Int
        /// The number of elements that a slab has at most, except where one unit has more.
        let length: Int
    }

    private let tensors: [Tensor]
    private var tensor = 0
    private var position = 0
    private var number = 0

    /// Cuts tensors in their order.
    init(_ tensors: [Tensor]) { self.tensors = tensors }

    /// The next slab, or `nil` when all were handed out.
    mutating func next() -> Slab? {
        while tensor < tensors.count, position >= tensors[tensor].count {
            tensor += 1
            position = 0
        }
        guard tensor < tensors.count else { return nil }
        let shape = tensors[tensor]
        let most = max(shape.unit, shape.length / shape.unit * shape.unit)
        let left = shape.period - position % shape.period
        let end = position + min(most, left, shape.count - position)
        defer {
            position = end
            number += 1
        }
        return Slab(number: number, tensor: tensor, elements: position..<end)
    }
}
