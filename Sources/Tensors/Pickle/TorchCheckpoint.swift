package import Formats

/// The tensors of a file that PyTorch's `torch.save` wrote since version 1.6: a zip archive with a pickle that
/// describes the tensors, `data.pkl`, and a stored member for each storage, `data/KEY`.
///
/// The pickle is read as data: nothing that it names is looked up or called.
package struct TorchCheckpoint: Equatable, Sendable {
    /// One tensor.
    package struct Tensor: Equatable, Sendable {
        /// The keys that lead to it, with dots between them; without the wrapper (`state_dict`, `model`) that
        /// training code puts around weights.
        package let name: String
        /// The type of the elements, little-endian.
        package let dtype: DType
        /// The numbers of elements, outermost dimension first.
        package let shape: [Int]
        /// How far apart neighbours along each dimension are, in elements; 0 where one element stands for all.
        package let strides: [Int]
        /// Where the elements are in the file, from the first to the last; other tensors may be in there.
        package let bytes: Range<Int>
    }

    /// A tensor of a kind that has no plain elements here.
    package struct Skipped: Equatable, Sendable {
        /// The keys that lead to it.
        package let name: String
        /// The function or type that states its kind, as `torch._utils._rebuild_sparse_tensor`.
        package let kind: String
    }

    /// The tensors in the order of the pickle.
    package let tensors: [Tensor]
    /// What could not be described, in the order of the pickle.
    package let skipped: [Skipped]
    /// The classes and functions that the pickle names, as `collections.OrderedDict`, in the order in which they
    /// occur. Loading it with Python would import and mostly call them.
    package let globals: [String]

    /// What a file turned out to be.
    package enum Reading: Equatable, Sendable {
        /// A checkpoint.
        case checkpoint(TorchCheckpoint)
        /// A file that is not one, or breaks the format.
        case malformed(FormatError)
    }

    /// Reads what a checkpoint has; of the elements nothing.
    /// - Parameters:
    ///   - fileSize: the file's length in bytes.
    ///   - read: returns the bytes of a non-empty range inside the file. It is called again and again, with
    ///     ranges of up to tens of megabytes.
    /// - Throws: what `read` throws, and nothing else: a malformed file is a result. Places count from the start of
    ///   the file.
    package static func read<Failure>(
        fileSize: Int, bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Reading {
        do throws(ReadingStop<Failure>) {
            return .checkpoint(try TorchArchive<Failure>(fileSize: fileSize).checkpoint(read))
        } catch {
            switch error {
            case .failure(let failure): throw failure
            case .malformed(let error): return .malformed(error)
            }
        }
    }

    /// Whether a file starts as those that `torch.save` wrote before version 1.6, which hold their tensors
    /// otherwise: a pickle of the number 0x1950a86a20f9469cfc6c.
    /// - Parameter start: the first bytes of the file; 14 decide.
    package static func isLegacy(_ start: Span<UInt8>) -> Bool {
        guard start.count >= 14, start[0] == 0x80, start[2] == 0x8A, start[3] == 10 else { return false }
        return littleEndian(start, 4..<12) == 0xA86A_20F9_469C_FC6C && littleEndian(start, 12..<14) == 0x1950
    }
}
