package import Formats

/// The header of a file whose tensors are listed at its start.
package enum TensorHeader: Sendable {
    /// Of a safetensors file.
    case safetensors(SafetensorsHeader)
    /// Of a GGUF file.
    case gguf(GGUFHeader)

    /// What was found at the start of a file.
    package enum Reading: Sendable {
        /// A header.
        case header(TensorHeader)
        /// A zip archive, whose directory is at its end.
        case archive
        /// A file of another format.
        case opaque
        /// A file that starts or is named like one of a format, and breaks it.
        case malformed(TensorFile.Format, FormatError)
    }

    /// Reads a header; what decides on the format is what ``TensorFile/read(name:fileSize:smallest:bytes:)`` goes by.
    /// - Parameters:
    ///   - name: the file's name, of which only the end counts.
    ///   - fileSize: the file's length in bytes.
    ///   - read: returns the bytes of a non-empty range inside the file.
    /// - Throws: what `read` throws, and nothing else.
    package static func read<Failure>(
        name: String, fileSize: Int, bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Reading {
        guard fileSize > 0 else { return .opaque }
        let start = try read(0..<min(fileSize, TensorFile.sniffedLength))
        guard let format = TensorFile.format(name: name, start: start.span, fileSize: fileSize) else {
            return .opaque
        }
        do throws(ReadingStop<Failure>) {
            let reader = TensorFileReader<Failure>(fileSize: fileSize, smallest: 1)
            switch format {
            case .safetensors: return .header(.safetensors(try reader.safetensorsHeader(start, read)))
            case .gguf: return .header(.gguf(try reader.ggufHeader(read)))
            case .pytorch, .npz, .zip: return .archive
            }
        } catch {
            switch error {
            case .failure(let failure): throw failure
            case .malformed(let error): return .malformed(format, error)
            }
        }
    }

    /// Where the tensors are; empty ones are left out.
    package var file: TensorFile { TensorFile(self, smallest: 1) }
}

extension TensorFile {
    /// The tensors of a header that are long enough, in the order of their bytes.
    init(_ header: TensorHeader, smallest: Int) {
        switch header {
        case .safetensors(let header):
            // A header that has a name twice keeps the last tensor only, so that all of these are in the file.
            let extents = header.tensors.map { tensor in
                TensorExtent(
                    name: tensor.name, bytes: tensor.bytes.shifted(by: header.dataStart),
                    dtype: tensor.dtype.rawValue, shape: tensor.shape)
            }
            self.init(.safetensors, extents, smallest: smallest)
        case .gguf(let header):
            let extents = header.tensors.map { tensor in
                TensorExtent(
                    name: tensor.name, bytes: tensor.bytes.shifted(by: header.dataStart),
                    dtype: tensor.type.name, shape: tensor.dimensions.reversed())
            }
            self.init(.gguf, extents, smallest: smallest)
        }
    }

    /// The tensors that are long enough, in the order of their bytes.
    init(_ format: Format, _ extents: [TensorExtent], smallest: Int) {
        var extents = extents.filter { $0.bytes.count >= smallest }
        func isInOrder(_ left: TensorExtent, _ right: TensorExtent) -> Bool {
            (left.bytes.lowerBound, left.bytes.upperBound) <= (right.bytes.lowerBound, right.bytes.upperBound)
        }
        if Swift.zip(extents, extents.dropFirst()).contains(where: { !isInOrder($0, $1) }) {
            extents.sort { !isInOrder($1, $0) }
        }
        self.init(format: format, extents: extents)
    }
}
