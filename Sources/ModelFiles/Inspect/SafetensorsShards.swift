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
    let files: [any WeightFile]
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

    /// Reads the headers of open files.
    init(path: String, files: [any WeightFile]) throws {
        self.path = path
        self.files = files
        headers = try files.map { try SafetensorsShards.header(of: $0, $0.name) }
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
            for name in names {
                guard let problem = RelativePath.problem(name) else { continue }
                throw FormatError("the file name \(name.quoted) \(problem)", at: 0)
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
        return (file, try header(of: file, path))
    }

    /// - Parameter path: what the file is called in messages.
    private static func header(of file: any WeightFile, _ path: String) throws -> SafetensorsHeader {
        let size = file.size
        let start = try file.bytes(0..<min(size, SafetensorsHeader.prefixLength))
        do throws(FormatError) {
            let end = try SafetensorsHeader.dataStart(start.span, fileSize: size)
            let bytes: [UInt8]
            do {
                bytes = try file.bytes(0..<end)
            } catch {
                throw FormatError("\(error)", at: 0)
            }
            return try SafetensorsHeader.parse(bytes.span, fileSize: size)
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
