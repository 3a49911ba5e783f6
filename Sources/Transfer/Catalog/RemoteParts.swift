import Formats
import Storage

/// The files of one revision of a repository, of which parts are read and nothing is loaded as a whole.
package struct RemoteContents: Sendable {
    private let source: @Sendable (RemoteFile) -> any BlobSource

    /// - Parameter source: where a file's bytes come from.
    init(_ source: @escaping @Sendable (RemoteFile) -> any BlobSource) { self.source = source }

    /// One of the files.
    package func parts(of file: RemoteFile) -> RemoteParts { RemoteParts(source: source(file)) }
}

/// A file of which parts are read.
package struct RemoteParts: Sendable {
    /// Where the bytes come from.
    let source: any BlobSource

    /// The most bytes of one part.
    package static let limit = 1 << 25

    /// The bytes of a range, which is in the file. Holds its thread until they are there.
    /// - Throws: ``NetworkError``, ``ServiceRefusal``, and what ``CatalogFailure/reason(_:)`` has words for.
    package func bytes(_ range: Range<Int>) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        guard range.lowerBound >= 0, range.count <= RemoteParts.limit else {
            throw RemoteParts.malformed(
                "more than \(ByteCount.text(RemoteParts.limit)) would have to be read")
        }
        return try source.patience.again { try read(range) }
    }

    private func read(_ range: Range<Int>) throws -> [UInt8] {
        let answer: BlobAnswer
        do {
            answer = try source.open(range)
        } catch is BlobInOtherForm {
            throw RemoteParts.malformed("it comes in another form than it is listed")
        }
        switch answer {
        case .part(let stream, let part):
            guard part == range else {
                throw NetworkError(.malformed, "a shorter part came than was asked for")
            }
            return try RemoteParts.beginning(of: stream, range.count)
        case .whole(let stream):
            guard range.upperBound <= RemoteParts.limit else {
                throw RemoteParts.malformed("the server knows no ranges")
            }
            return Array(try RemoteParts.beginning(of: stream, range.upperBound)[range.lowerBound...])
        }
    }

    private static func beginning(of stream: any ByteStream, _ count: Int) throws(NetworkError) -> [UInt8] {
        var bytes: [UInt8] = []
        let buffer = Buffer(count: 1 << 16)
        while bytes.count < count {
            let part = try stream.read(into: buffer, at: 0, count: min(buffer.count, count - bytes.count))
            guard part > 0 else { throw NetworkError(.malformed, "less came than was listed") }
            buffer.withBytes(part) { span in
                for index in span.indices { bytes.append(span[index]) }
            }
        }
        return bytes
    }

    private static func malformed(_ what: String) -> NetworkError {
        NetworkError(.malformed, what, isPassing: false)
    }
}
