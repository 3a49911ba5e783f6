import Formats
import ModelFacts
import Storage
import Synchronization
import Tensors
import Transfer

/// Reads as much of the files of a revision as their facts are made from: documents whole, headers of safetensors files,
/// the first bytes of other weights. Nothing is written.
struct RemoteReading {
    /// What was read.
    struct Result {
        /// The files of which something was read.
        var served: [RelativePath: ServedFile] = [:]
        /// The files of which something should have been read, with the reason why it was not.
        var failed: [(path: RelativePath, reason: String)] = []
        /// Why no file is given; nobody is asked for more then.
        var refusal: (any ServiceRefusal)?
    }

    /// One file, and what of it is read.
    private struct Wanted: Sendable {
        let file: RemoteFile
        let size: Int
        let part: Part
    }

    /// What of a file is read.
    private enum Part: Sendable {
        case whole
        case header
        case start(Int)
    }

    /// The largest document that is read, in bytes.
    private static let documentLimit = 4 << 20
    /// The most bytes of a card: its YAML is at its start.
    private static let cardLimit = (1 << 20) + 4096
    /// The most bytes of a header, and of all of them.
    private static let headerLimit = 32 << 20
    private static let budget = 128 << 20
    /// How much of a safetensors file is asked for at first: most headers are shorter (huggingface_hub 2.4 takes 100 kB).
    private static let firstLength = 1 << 17
    /// The most bytes of the start of other weights; what a format is told from.
    private static let startLength = 4096
    /// The most documents and the most files of weights that are looked into.
    private static let documents = 256
    private static let weights = 1024

    /// The files.
    let contents: RemoteContents

    /// Reads from several files at once.
    func read(_ files: [RemoteFile], connections: Int) async throws -> Result {
        let wanted = RemoteReading.wanted(files)
        let shared = Shared(Mutex(Result()), Atomic(0), Atomic(RemoteReading.budget))
        try await Threads.run(min(max(1, connections), max(1, wanted.count))) { [contents] _ in
            while shared.result.withLock({ $0.refusal == nil }) {
                let index = shared.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < wanted.count else { return }
                let one = wanted[index]
                do {
                    let bytes = try RemoteReading.bytes(one, contents.parts(of: one.file), shared)
                    let file = ServedFile(
                        size: one.size, parts: [ServedFile.Part(start: 0, bytes: bytes)])
                    shared.result.withLock { $0.served[one.file.path] = file }
                } catch let refusal as any ServiceRefusal where !refusal.concernsOneFile {
                    shared.result.withLock { $0.refusal = refusal }
                } catch {
                    let reason = CatalogFailure.reason(error)
                    shared.result.withLock { $0.failed.append((one.file.path, reason)) }
                }
            }
        }
        var read = shared.result.withLock { $0 }
        read.failed.sort { $0.path < $1.path }
        return read
    }

    private final class Shared: Sendable {
        let result: Mutex<Result>
        let next: Atomic<Int>
        let left: Atomic<Int>

        init(
            _ result: consuming sending Mutex<Result>, _ next: consuming Atomic<Int>,
            _ left: consuming Atomic<Int>
        ) {
            self.result = result
            self.next = next
            self.left = left
        }

        /// Takes so many bytes from what may still be read.
        func take(_ count: Int) throws {
            guard left.wrappingSubtract(count, ordering: .relaxed).newValue < 0 else { return }
            _ = left.wrappingAdd(count, ordering: .relaxed)
            throw FormatError("together with the other files it is too much to read", at: 0)
        }
    }

    private static func bytes(_ wanted: Wanted, _ parts: RemoteParts, _ shared: Shared) throws -> [UInt8] {
        func read(_ range: Range<Int>) throws -> [UInt8] {
            try shared.take(range.count)
            return try parts.bytes(range)
        }
        switch wanted.part {
        case .whole: return try read(0..<wanted.size)
        case .start(let count): return try read(0..<min(wanted.size, count))
        case .header:
            var bytes = try read(0..<min(wanted.size, firstLength))
            // A header that is none is told of by whoever reads it.
            guard let end = try? SafetensorsHeader.dataStart(bytes.span, fileSize: wanted.size),
                end > bytes.count
            else { return bytes }
            guard end <= headerLimit else {
                throw FormatError("the header claims \(ByteCount.text(end))", at: 0)
            }
            bytes += try read(bytes.count..<end)
            return bytes
        }
    }

    /// What is read of which file, documents first; files without a size are left alone.
    private static func wanted(_ files: [RemoteFile]) -> [Wanted] {
        let sized = files.compactMap { file in file.size.map { (file: file, size: $0) } }
            .filter { $0.size > 0 }
        var documents: [Wanted] = []
        var weights: [Wanted] = []
        for (file, size) in sized {
            let path = file.path
            if path == "README.md" {
                documents.append(
                    Wanted(file: file, size: size, part: size <= cardLimit ? .whole : .start(cardLimit)))
            } else if isDocument(path),
                size <= documentLimit || ModelPath(path).isIndex && size <= headerLimit
            {
                documents.append(Wanted(file: file, size: size, part: .whole))
            } else if ModelPath(path).suffix == "safetensors" {
                weights.append(Wanted(file: file, size: size, part: .header))
            } else if ModelFormat.isWeightLike(path) {
                weights.append(Wanted(file: file, size: size, part: .start(startLength)))
            }
        }
        if weights.isEmpty {
            // Weights may have other names, and then they are what is large.
            let known = Set(documents.map(\.file.path))
            let others = sized.filter { !known.contains($0.file.path) }.sorted { $0.size > $1.size }.prefix(8)
            weights = others.map { Wanted(file: $0.file, size: $0.size, part: .start(startLength)) }
        }
        return Array(documents.prefix(self.documents)) + Array(weights.prefix(self.weights))
    }

    /// Whether a file is small text that states something of the model; a vocabulary states nothing.
    private static func isDocument(_ path: RelativePath) -> Bool {
        let vocabularies: Set<ExactName> = ["tokenizer.json", "vocab.json", "merges.json", "tekken.json"]
        let name = ModelPath(path)
        return ["json", "jinja", "yaml", "yml", "py"].contains(name.suffix)
            && !vocabularies.contains(name.file)
    }
}
