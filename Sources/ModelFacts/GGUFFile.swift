import Formats
import Manifests
package import Storage
package import Tensors

/// A file that stays open, and what it was when it was opened.
package final class OpenFile: Sendable {
    /// The open file.
    package let handle: FileHandle
    /// Its size, times and inode when it was opened.
    package let status: FileStatus

    /// Opens a file; a path that is a link is followed first.
    package init(path: String) throws(FileError) {
        handle = try FileHandle.named(path)
        status = try handle.status()
    }
}

/// One GGUF file: its header, and the bytes of it.
package struct GGUFFile {
    /// The file, open.
    package let open: OpenFile
    /// What the header states.
    package let header: GGUFHeader
    /// The bytes that the header was read from, from the start of the file.
    package let bytes: [UInt8]

    /// The bytes that are read first; most headers end in them.
    private static let firstRead = 1 << 20

    package static func read(_ path: String) throws -> GGUFFile { try GGUFFile(path) }

    private init(_ path: String) throws {
        do throws(FileError) {
            open = try OpenFile(path: path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .modelUnreadable, error.isDirectory ? "\(path) is a directory" : "\(error)",
                    fix: error.isDirectory ? "name the .gguf file in it" : error.remedy(),
                    verdict: .undecided))
        }
        let file = open
        (header, bytes) = try Self.header(path, fileSize: file.status.size) { try file.handle.bytes($0) }
    }

    /// Reads the header of a file of which only a function that reads is known.
    /// - Parameters:
    ///   - path: what the file is called in messages.
    ///   - read: returns the bytes of a range inside of the file.
    /// - Returns: the header, and the bytes from the start of the file that it was read from.
    package static func header(
        _ path: String, fileSize: Int, read: (Range<Int>) throws -> [UInt8]
    ) throws -> (header: GGUFHeader, bytes: [UInt8]) {
        var size = firstRead
        while true {
            let prefix = try read(0..<min(size, fileSize))
            switch try Self.parse(prefix, fileSize: fileSize, path: path) {
            case .complete(let header): return (header, prefix)
            case .needsMore(let end):
                guard prefix.count == min(size, fileSize), end > prefix.count else {
                    throw ReadFailure.changed(path: path)
                }
                size = max(size * 2, end)
            }
        }
    }

    private static func parse(
        _ prefix: [UInt8], fileSize: Int, path: String
    ) throws -> GGUFHeader.Parsing {
        do throws(FormatError) {
            return try GGUFHeader.parse(prefix.span, fileSize: fileSize)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .ggufMalformed, "\(path) is not a GGUF file that can be read: \(error)",
                    fix: "download it or convert it again"))
        }
    }
}
