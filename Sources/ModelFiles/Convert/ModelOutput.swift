import Manifests
package import Tensors

/// A model to write: its tensors in order, and the files that they go to. Every decision is made.
package struct ModelOutput: Sendable {
    /// A tensor to write.
    package struct Tensor: Sendable {
        /// The tensor's place in the source's list.
        package let source: Int
        /// Name, dimensions and type as they are written. With the source's type, elements are copied.
        package let description: TensorDescription
        /// Whether the columns' importance is known, so that it has to be asked for.
        package let hasImportance: Bool

        /// States what becomes of a tensor.
        package init(source: Int, description: TensorDescription, hasImportance: Bool = false) {
            self.source = source
            self.description = description
            self.hasImportance = hasImportance
        }
    }

    /// A file to write.
    package struct File: Sendable {
        /// Where it goes.
        package let path: String
        /// The header, and where its tensors go.
        package let layout: GGUFLayout
        /// The tensors, by their places in ``ModelOutput/tensors``.
        package let tensors: Range<Int>
    }

    /// The tensors in the order in which they are written, file after file.
    package let tensors: [Tensor]
    /// The files; the first one's path is the model's.
    package let files: [File]

    /// The file that a tensor goes to, by their places in the lists.
    package func home(of tensor: Int) -> Int {
        // The first file whose tensors end behind it.
        var range = 0..<files.count
        while range.count > 1 {
            let middle = range.lowerBound + range.count / 2 - 1
            if files[middle].tensors.upperBound > tensor {
                range = range.lowerBound..<middle + 1
            } else {
                range = middle + 1..<range.upperBound
            }
        }
        return range.lowerBound
    }

    /// The bytes of all files.
    package var size: Int { files.reduce(0) { $0 + $1.layout.fileSize } }
}

extension ModelOutput {
    /// How a model is divided into files.
    package enum Division: Sendable {
        /// One file with everything.
        case none
        /// Files of at most so many bytes of tensors each, but for larger tensors (`--split-max-size`).
        case size(Int)
        /// As the source is divided (`--keep-split`): for each tensor, in order, its file.
        case files([Int])
    }

    /// Divides a model into files and places its tensors.
    /// - Parameters:
    ///   - path: the file, or what the names of several are made of: `NAME-00001-of-00003.gguf` for
    ///     `NAME.gguf`.
    ///   - tensors: in the order in which they are written.
    ///   - header: makes a file's metadata, with its number from 0 and the number of files.
    package init(
        path: String, tensors: [Tensor], division: Division,
        header: (_ number: Int, _ count: Int) throws -> GGUFHeaderWriter
    ) throws {
        let parts = Self.parts(tensors.map(\.description), division)
        guard parts.count <= GGUFSplit.maximumCount else {
            throw Diagnostics(
                Diagnostic(
                    code: .splitTooSmall,
                    "the model would be divided into \(parts.count) files; at most \(GGUFSplit.maximumCount) can be",
                    fix: "choose a larger --split-max-size", verdict: .undecided))
        }
        let stem = path.utf8.suffix(5).elementsEqual(".gguf".utf8) ? String(path.dropLast(5)) : path
        self.tensors = tensors
        files = try parts.enumerated().map { number, part in
            File(
                path: parts.count == 1 ? path : GGUFSplit.path(stem, number, of: parts.count),
                layout: try header(number, parts.count).finish(
                    tensors: tensors[part].map(\.description)),
                tensors: part)
        }
    }

    /// Which tensors go into one file; there is one file at least.
    private static func parts(_ tensors: [TensorDescription], _ division: Division) -> [Range<Int>] {
        var starts = [0]
        switch division {
        case .none: break
        case .size(let limit):
            var size = 0
            for (index, tensor) in tensors.enumerated() {
                let next = tensor.byteCount(tensor.elementCount)
                if index > (starts.last ?? 0), next > limit - min(size, limit) {
                    starts.append(index)
                    size = 0
                }
                size += next
            }
        case .files(let numbers):
            for (index, number) in numbers.enumerated() {
                while starts.count <= number { starts.append(index) }
            }
        }
        return zip(starts, starts.dropFirst() + [tensors.count]).map { $0..<$1 }
    }
}

extension ModelOutput.Division {
    /// The size of a file, as `--split-max-size` has it: a number of bytes, `500M`, `2G`, or with a unit, as
    /// `4 GB`, `4GiB`. The letters alone are thousands, as for the reference converter.
    /// - Returns: `nil` where the text is no size, or the size is 0.
    package static func size(named text: String) -> Self? {
        if let bytes = Int(text), bytes > 0 { return .size(bytes) }
        let letters = ["K": "KB", "M": "MB", "G": "GB", "T": "TB"]
        let unit = letters[text.suffix(1).uppercased()]
        return ByteSize.parse(unit.map { text.dropLast() + $0 } ?? text).map(Self.size)
    }
}
