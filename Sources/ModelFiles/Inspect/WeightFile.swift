package import Formats
import Manifests
package import ModelFacts
import Storage
import Tensors

/// A file with weights that can be read at any place by several threads at once: one on the disk, or one that is put
/// together out of what a bundle stores.
package protocol WeightFile: Sendable {
    /// What it is called in messages.
    var name: String { get }
    /// The size in bytes.
    var size: Int { get }

    /// Reads from a place on until the room is full.
    /// - Throws: where the file cannot be read, or ends before.
    func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws
}

extension WeightFile {
    /// The bytes of a range, all of which the file has.
    func bytes(_ range: Range<Int>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var room = bytes.mutableSpan
        try read(into: &room, at: range.lowerBound)
        return bytes
    }
}

extension OpenFile: WeightFile {
    /// The path without links.
    package var name: String { handle.path }
    /// The size when it was opened.
    package var size: Int { status.size }

    /// As ``WeightFile`` states.
    package func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws {
        guard try handle.read(into: &room, at: offset) == room.count else {
            throw ReadFailure.changed(path: handle.path)
        }
    }
}

/// The files of a model by their paths in its directory, wherever their bytes are.
package struct WeightFiles {
    /// What the model is called in messages.
    let name: String
    /// The paths of those that may have tensors, and of indexes.
    let paths: [RelativePath]
    /// Opens one of them.
    let open: (RelativePath) throws -> any WeightFile

    /// Takes the files of which a model is made; others than weights and their indexes are left alone.
    package init(
        _ name: String, _ paths: [RelativePath], open: @escaping (RelativePath) throws -> any WeightFile
    ) {
        self.name = name
        self.paths = paths.filter(WeightFiles.isWanted)
        self.open = open
    }

    /// Whether a file may have tensors, by its name.
    package static func hasTensors(_ path: RelativePath) -> Bool {
        ["safetensors", "gguf", "bin", "pt", "pth"].contains(path.pathExtension ?? "")
    }

    /// Whether a file may have tensors, or names those that have, by its name.
    package static func isWanted(_ path: RelativePath) -> Bool { hasTensors(path) || isIndex(path) }

    private static func isIndex(_ path: RelativePath) -> Bool { path.hasSuffix(".index.json") }

    /// The files that are read together, in the order in which a conversion reads them: those that an index names; of several
    /// beside each other those whose names begin with "model", as convert_hf_to_gguf.py takes them.
    /// - Throws: where an index cannot be read, or there is nothing with tensors.
    func chosen() throws -> [RelativePath] {
        let weights = paths.filter(WeightFiles.hasTensors)
        let indexed = try paths.filter(WeightFiles.isIndex).flatMap { index in
            try shards(index).map { index.parent?.appending($0) ?? $0 }
        }
        if !indexed.isEmpty {
            // Parts of a pipeline have weights beside those that an index of another part names.
            let directories = Set(indexed.map(\.parent))
            return Set(indexed + weights.filter { !directories.contains($0.parent) }).sorted()
        }
        guard weights.count > 1 else {
            guard let only = weights.first else {
                throw problem("\(name) has no file with tensors")
            }
            return [only]
        }
        if weights.contains(where: { $0.pathExtension == "gguf" }) {
            // What is beside a language model, for pictures or sound, is a model of its own.
            let models = weights.filter { $0.pathExtension == "gguf" && !$0.name.hasPrefix("mmproj") }
            return models.isEmpty ? weights.filter { $0.pathExtension == "gguf" } : models
        }
        let safetensors = weights.filter { $0.pathExtension == "safetensors" }
        let kind = safetensors.isEmpty ? weights : safetensors
        let own = kind.filter { $0.parent == nil && $0.hasPrefix("model") }
        return (own.isEmpty ? kind : kind.filter { $0.parent != nil } + own).sorted()
    }

    private func shards(_ index: RelativePath) throws -> [RelativePath] {
        let file = try open(index)
        guard file.size <= 1 << 28 else { throw problem("\(name): \(index) is too large for an index") }
        let bytes = try file.bytes(0..<file.size)
        do throws(FormatError) {
            return try ShardIndex.fileNames(bytes.span).map { shard throws(FormatError) in
                guard let path = RelativePath(shard) else {
                    throw FormatError("the file name \(shard.quoted) is no path", at: 0)
                }
                return path
            }
        } catch {
            throw problem("\(name): \(index) is not an index of shards that can be read: \(error)")
        }
    }

    /// Something that makes it impossible to read the model.
    func problem(_ message: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .modelMalformed, message, verdict: .undecided))
    }
}
