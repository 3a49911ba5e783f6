import Formats
import Manifests
import ModelFacts
import Storage
import Tensors

/// The files of a PyTorch checkpoint that a path names, open, with what they have.
struct TorchShards {
    /// The path as the user named it.
    let path: String
    /// The files, in the order in which they were named.
    let files: [any WeightFile]
    /// What each file has, in their order.
    let checkpoints: [TorchCheckpoint]

    /// - Parameters:
    ///   - path: as the user named it.
    ///   - paths: the files.
    static func open(path: String, files paths: [String]) throws -> TorchShards {
        try TorchShards(path: path, files: paths)
    }

    private init(path: String, files paths: [String]) throws {
        self.path = path
        var files: [any WeightFile] = []
        var checkpoints: [TorchCheckpoint] = []
        for path in paths {
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
            checkpoints.append(try TorchShards.read(file, path))
            files.append(file)
        }
        self.files = files
        self.checkpoints = checkpoints
    }

    /// Reads what open files have.
    init(path: String, files: [any WeightFile]) throws {
        self.path = path
        self.files = files
        checkpoints = try files.map { try TorchShards.read($0, $0.name) }
    }

    /// Reads what a file has.
    /// - Parameter name: the file, for messages.
    private static func read(_ file: any WeightFile, _ name: String) throws -> TorchCheckpoint {
        let reading = try TorchCheckpoint.read(fileSize: file.size) { try file.bytes($0) }
        switch reading {
        case .checkpoint(let checkpoint): return checkpoint
        case .malformed(let error):
            throw Diagnostics(
                Diagnostic(
                    code: .modelMalformed, "\(name) is not a PyTorch checkpoint that can be read: \(error)",
                    fix: "download it again, or take the model's safetensors files"))
        }
    }

    /// Whether a file is one that `torch.save` wrote, now or long ago.
    /// - Parameter start: its first bytes; 14 decide.
    static func isTorch(_ start: [UInt8]) -> Bool {
        ZipCentralDirectory.isZip(start.span) || TorchCheckpoint.isLegacy(start.span)
    }

    /// The files that an index of shards or a directory names; `nil` where it is of no PyTorch checkpoint.
    static func files(of path: String, isDirectory: Bool) throws -> [String]? {
        if !isDirectory {
            return path.hasUTF8Suffix(".bin.index.json") ? try SafetensorsShards.ofIndex(path) : nil
        }
        for name in ["model.safetensors.index.json", "model.safetensors"]
        where try FileStatus.existing(Path.join(path, name)) != nil { return nil }
        for name in ["pytorch_model.bin.index.json", "pytorch_model.bin"] {
            let file = Path.join(path, name)
            guard try FileStatus.existing(file) != nil else { continue }
            return name == "pytorch_model.bin" ? [file] : try SafetensorsShards.ofIndex(file)
        }
        return nil
    }
}
