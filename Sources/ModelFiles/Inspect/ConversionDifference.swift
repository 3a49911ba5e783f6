package import Formats
package import Manifests
import Storage
package import Tensors

/// How far the numbers that a conversion stored are from those that it was given to store: each tensor of what was made
/// against what the conversion itself reads or computes, in full precision.
package struct ConversionDifference: Sendable {
    /// The difference of one tensor.
    package struct Result: Sendable {
        /// The name in the file that was made, with a part of the file's path where several of a name are made.
        package let name: String
        /// The difference.
        package let difference: NumberDifference
    }

    /// The file, where it is a model of its own beside the entry's; `nil` for the entry's model.
    package let file: RelativePath?
    /// The tensors, in the order of the conversion.
    package let results: [Result]
    /// Names of tensors that only one side has, or whose elements are no numbers that can be read.
    package let notCompared: [String]

    /// About how many elements are read at a time.
    private static let slabLength = 1 << 18

    /// Compares files that were made with what was given.
    /// - Parameters:
    ///   - files: all of one model.
    ///   - name: the entry that was made, with which messages begin.
    ///   - open: opens a file of it.
    init(
        _ files: [ConvertedFile], of name: String,
        opening open: @escaping (RelativePath) throws -> any WeightFile, progress: @escaping ProgressHandler
    ) async throws {
        file = files.first { $0.isBeside }?.path
        let prefixes = ConversionDifference.prefixes(files)
        var pairs: [Pair] = []
        var missing: [String] = []
        for (file, prefix) in zip(files, prefixes) {
            let made = try TensorModel(WeightFiles(name, [file.path], open: open))
            var byName: [ExactName: TensorModel.Tensor] = [:]
            for tensor in made.tensors { byName[ExactName(tensor.name)] = tensor }
            for (index, tensor) in file.original.tensors.enumerated() {
                guard let other = byName.removeValue(forKey: ExactName(tensor.name)),
                    other.count == tensor.count, tensor.isNumeric, other.type.isNumeric,
                    // Parts of one are parts of the other: rows of a damaged file may be of any length.
                    max(tensor.unit, other.type.blockLength)
                        .isMultiple(of: min(tensor.unit, other.type.blockLength))
                else {
                    missing.append(prefix + tensor.name)
                    continue
                }
                pairs.append(
                    Pair(
                        name: prefix + tensor.name, original: file.original, index: index, made: made,
                        tensor: other, unit: max(tensor.unit, other.type.blockLength)))
            }
            missing += made.tensors.map(\.name).filter { byName[ExactName($0)] != nil }.map { prefix + $0 }
        }
        notCompared = missing
        progress(.began(stage: "comparing", files: pairs.count, bytes: pairs.saturatedSum(\.size)))
        let differences = try await Parallel.map(pairs, largestFirst: \.size) { pair, _ in
            defer { progress(.finished(file: pair.name)) }
            return try pair.difference { progress(.advanced(bytes: $0)) }
        }
        progress(.ended)
        results = zip(pairs, differences).map { Result(name: $0.name, difference: $1) }
    }

    /// What the names of each file's tensors begin with: nothing where all are different, as they are in one model.
    private static func prefixes(_ files: [ConvertedFile]) -> [String] {
        let parents = files.map { $0.path.parent?.text ?? "" }
        var names: Set<ExactName> = []
        var isDistinct = true
        for (file, parent) in zip(files, parents) {
            for tensor in file.original.tensors {
                isDistinct = names.insert(ExactName("\(parent)/\(tensor.name)")).inserted && isDistinct
            }
        }
        if !isDistinct { return files.map { "\($0.path)/" } }
        return Set(parents.map { ExactName($0) }).count > 1
            ? parents.map { $0.isEmpty ? "" : $0 + "/" } : files.map { _ in "" }
    }

    /// A tensor on both sides.
    private struct Pair: Sendable {
        let name: String
        let original: any OriginalNumbers
        let index: Int
        let made: TensorModel
        let tensor: TensorModel.Tensor
        /// What parts are multiples of, in elements: a row, or a block of a longer one.
        let unit: Int

        /// The bytes of what was made.
        var size: Int { tensor.type.byteCount(tensor.count) }

        /// Reads both from front to back.
        func difference(_ advanced: (Int) -> Void) throws -> NumberDifference {
            var difference = NumberDifference()
            let changes = try original.changes(of: index)
            let unit = unit > slabLength ? tensor.type.blockLength : unit
            let step = max(unit, slabLength / unit * unit)
            let count = tensor.count
            var first = [Float](repeating: 0, count: min(step, count))
            var second = first
            var scratch: [UInt8] = []
            var start = 0
            while start < count {
                if Task.isCancelled { throw ReadFailure.cancelled }
                let range = start..<min(start + step, count)
                var left = first.mutableSpan
                var right = second.mutableSpan
                var leftRoom = left._mutatingExtracting(0..<range.count)
                var rightRoom = right._mutatingExtracting(0..<range.count)
                try original.read(range, of: index, scratch: &scratch, into: &leftRoom)
                for change in changes { change.apply(to: &leftRoom, elements: range) }
                try made.read(range, of: tensor, scratch: &scratch, into: &rightRoom)
                difference.add(leftRoom.span, rightRoom.span)
                advanced(tensor.type.byteCount(range.count))
                start = range.upperBound
            }
            return difference
        }
    }
}

extension ConversionInputs {
    /// Measures what storing cost, wherever the files are.
    /// - Parameters:
    ///   - name: the entry that was made, with which messages begin.
    ///   - inputs: opens the files that ``selection`` reads, and of each adapter those that are merged.
    ///   - made: opens a file that was made.
    /// - Returns: one for the entry's model, and one for each file beside it.
    /// - Throws: ``Diagnostics`` where a file is not to be had, or is not what a conversion can read.
    package func differences(
        of name: String, reading inputs: [ConversionInput],
        made: @escaping (RelativePath) throws -> any WeightFile, progress: @escaping ProgressHandler
    ) async throws -> [ConversionDifference] {
        let files = try recipe.originals(of: inputs, for: name)
        var all: [ConversionDifference] = []
        for group in [files.filter { !$0.isBeside }] + files.filter(\.isBeside).map({ [$0] }) {
            guard !group.isEmpty else { continue }
            all.append(try await ConversionDifference(group, of: name, opening: made, progress: progress))
        }
        return all
    }
}
