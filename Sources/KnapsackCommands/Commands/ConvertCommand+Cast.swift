import Conversion
import Formats
import Manifests
import ModelFiles
import Storage
import Tensors

/// What --dtype, --merge and --prune make.
extension ConvertCommand {
    /// Casts, merges or prunes the safetensors of a model.
    func cast(to type: CastType?, _ session: Session) async throws {
        let pruning = prune.flatMap { Sparsity(text: $0) }.map {
            PruneRequest($0, type: type, imatrix: importance.imatrix, tensors: pruneTensor)
        }
        let caches = cacheOptions.caches(session.context)
        let target = Path.normalized(Path.join(try Directory.current(), target ?? ""))
        let base = try caches.model(model)
        let adapters = try merge.map { (name: $0, snapshot: try caches.model($0)) }
        let conversion = try ModelConversion(
            base, name: model, castTo: type, pruning: pruning, merging: adapters, target: target)
        session.report(
            try adapters.compactMap { try AdapterAlone.otherBase($0.snapshot, name: $0.name, on: base) })
        session.report(conversion.findings)
        let receipt = try await conversion.write(progress: session.progress)
        session.report(receipt.remarks)
        session.add("input", .string(model))
        session.add("output", .string(target))
        if let type { session.add("dtype", .string(type.rawValue)) }
        if let pruning { session.add("prune", .string(pruning.sparsity.text)) }
        if !merge.isEmpty { session.add("merged", .array(merge.map(JSON.string))) }
        session.add("size", .integer(receipt.size))
        session.add("files", .array(receipt.files.map(\.json)))
        session.add("left", .array(receipt.left.map { .string($0.text) }))
        if session.verbose {
            for file in receipt.files {
                session.say("\(file.isConverted ? prune == nil ? "cast" : "pruned" : "copied")  \(file.path)")
            }
        }
        if !receipt.left.isEmpty {
            let names =
                receipt.left.prefix(5).map(\.text).joined(separator: ", ")
                + (receipt.left.count > 5 ? ", …" : "")
            session.say("left out, because they are weights in other formats: \(names)")
        }
        session.say(
            "wrote \(target): \(Counted.text(receipt.files.count, "file")), \(ByteCount.text(receipt.size))")
    }
}

extension ModelConversion.Receipt.File {
    fileprivate var json: JSON {
        ["path": .string(path.text), "size": .integer(size), "converted": .bool(isConverted)]
    }
}
