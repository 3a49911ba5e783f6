package import Formats

/// Where the tensors are in a file, whatever its format.
package struct TensorFile: Equatable, Sendable {
    /// A format whose tensors are plain ranges of bytes.
    package enum Format: String, Sendable, CaseIterable {
        /// Safetensors.
        case safetensors
        /// ggml's GGUF.
        case gguf
        /// The zip archive that `torch.save` writes: each storage is a member.
        case pytorch
        /// The zip archive that `numpy.savez` writes: each array is a member.
        case npz
        /// Another zip archive: each stored member counts as a tensor.
        case zip
    }

    /// What was found in a file.
    package enum Reading: Equatable, Sendable {
        /// A file with tensors.
        case tensors(TensorFile)
        /// A file of another format.
        case opaque
        /// A file that starts or is named like one of a format, and breaks it. Whoever only carries the
        /// file takes it as opaque.
        case malformed(Format, FormatError)
    }

    /// The file's format.
    package let format: Format
    /// The tensors in the order of their bytes. None overlaps another or leaves the file; between them may
    /// be other bytes, as headers and padding.
    package let extents: [TensorExtent]

    /// Finds the tensors of a file by reading as little of it as that takes.
    ///
    /// The content decides on the format; where it is of none, a name that ends in `.safetensors` or `.gguf`
    /// makes that an error. Memory is bounded by the formats' limits: a header of 100 MB for safetensors, and one of
    /// 64 MiB and 250,000 tensors for the others, which is far from what models have.
    /// - Parameters:
    ///   - name: the file's name, of which only the end counts.
    ///   - fileSize: the file's length in bytes.
    ///   - smallest: tensors of fewer bytes are left out, which in zip archives saves reading each one's
    ///     local header; 1 leaves out the empty ones.
    ///   - read: returns the bytes of a non-empty range inside the file. It is called again and again, with
    ///     ranges of up to tens of megabytes. One that returns another number of bytes makes the file
    ///     malformed.
    /// - Throws: what `read` throws, and nothing else: a malformed file is a result.
    package static func read<Failure>(
        name: String, fileSize: Int, smallest: Int = 1,
        bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Reading {
        guard fileSize > 0 else { return .opaque }
        let start = try read(0..<min(fileSize, sniffedLength))
        guard let format = format(name: name, start: start.span, fileSize: fileSize) else { return .opaque }
        do throws(ReadingStop<Failure>) {
            let reader = TensorFileReader<Failure>(fileSize: fileSize, smallest: smallest)
            switch format {
            case .safetensors:
                let header = try reader.safetensorsHeader(start, read)
                return .tensors(TensorFile(.safetensors(header), smallest: smallest))
            case .gguf:
                return .tensors(TensorFile(.gguf(try reader.ggufHeader(read)), smallest: smallest))
            case .pytorch, .npz, .zip: return .tensors(try reader.zip(read))
            }
        } catch {
            switch error {
            case .failure(let failure): throw failure
            case .malformed(let error): return .malformed(format, error)
            }
        }
    }

    /// How many bytes of the file decide on its format.
    static let sniffedLength = 16

    /// The format that the first bytes show or the name claims; `nil` where neither does. Whether the rest of
    /// the file is of it is not known yet.
    static func format(name: String, start: Span<UInt8>, fileSize: Int) -> Format? {
        if start.count >= 4, littleEndian(start, 0..<4) == 0x4655_4747 { return .gguf }
        if ZipCentralDirectory.isZip(start) { return .zip }
        if name.utf8.ends(with: ".safetensors") { return .safetensors }
        if name.utf8.ends(with: ".gguf") { return .gguf }
        // Safetensors has no magic number: a length that the file can have, and the JSON's brace.
        let brace = SafetensorsHeader.prefixLength
        guard start.count > brace, start[brace] == UInt8(ascii: "{"),
            (try? SafetensorsHeader.dataStart(start, fileSize: fileSize)) != nil
        else { return nil }
        return .safetensors
    }
}
