import Formats
import Manifests
import ModelFacts
import Storage
import Tensors

/// The safetensors files that a path names, open, with their headers.
struct SafetensorsShards {
    /// The path as the user named it.
    let path: String
    /// The one file, or those that the index names.
    let files: [OpenFile]
    /// The files' headers, in their order.
    let headers: [SafetensorsHeader]

    /// - Parameters:
    ///   - path: a file, an index (`….safetensors.index.json`), or a directory with one of them.
    ///   - isDirectory: whether it is a directory.
    static func open(path: String, isDirectory: Bool) throws -> SafetensorsShards {
        try SafetensorsShards(path: path, isDirectory: isDirectory)
    }

    private init(path: String, isDirectory: Bool) throws {
        self.path = path
        let paths: [String]
        if isDirectory {
            paths = try SafetensorsShards.inDirectory(path)
        } else if path.utf8.reversed().starts(with: ".index.json".utf8.reversed()) {
            paths = try SafetensorsShards.ofIndex(path)
        } else {
            paths = [path]
        }
        let read = try paths.map(SafetensorsShards.open)
        files = read.map(\.file)
        headers = read.map(\.header)
    }

    private static func inDirectory(_ directory: String) throws -> [String] {
        for name in ["model.safetensors.index.json", "model.safetensors"] {
            let path = Path.join(directory, name)
            guard try FileStatus.existing(path) != nil else { continue }
            return name == "model.safetensors" ? [path] : try ofIndex(path)
        }
        throw Diagnostics(
            Diagnostic(
                code: .modelMissing,
                "\(directory) has no model.safetensors, no pytorch_model.bin and no index of shards",
                fix: "name a .gguf, .safetensors or .bin file", verdict: .undecided))
    }

    /// The files that an index of shards names.
    static func ofIndex(_ path: String) throws -> [String] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(named: path, limit: 1 << 28)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .modelUnreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        }
        do throws(FormatError) {
            let names = try ShardIndex.fileNames(bytes.span)
            if let wrong = names.first(where: { RelativePath($0) == nil }) {
                throw FormatError("the file name \"\(wrong)\" leaves the directory", at: 0)
            }
            return names.map { Path.join(Path.parent(path), $0) }
        } catch {
            throw malformed(path, "is not an index of shards that can be read", error)
        }
    }

    private static func open(_ path: String) throws -> (file: OpenFile, header: SafetensorsHeader) {
        let file: OpenFile
        do throws(FileError) {
            file = try OpenFile(path: path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .modelUnreadable, "\(error)",
                    fix: error.remedy(missing: "download the missing file"),
                    verdict: .undecided))
        }
        let size = file.status.size
        let start = try file.handle.bytes(0..<min(size, SafetensorsHeader.prefixLength))
        do throws(FormatError) {
            let end = try SafetensorsHeader.dataStart(start.span, fileSize: size)
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try file.handle.bytes(0..<end)
            } catch {
                throw FormatError("\(error)", at: 0)
            }
            return (file, try SafetensorsHeader.parse(bytes.span, fileSize: size))
        } catch {
            throw malformed(
                path, "is neither GGUF, safetensors nor a PyTorch checkpoint that can be read", error)
        }
    }

    private static func malformed(_ path: String, _ what: String, _ error: FormatError) -> Diagnostics {
        Diagnostics(
            Diagnostic(code: .modelMalformed, "\(path) \(what): \(error)", fix: "download it again"))
    }
}
