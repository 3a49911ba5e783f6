import Caches
package import Catalogue
import Formats
import Manifests
package import Storage
import Synchronization

/// Keeps a catalogue in order while it is served, in a thread of its own: what was deleted is swept, and what is not known to be
/// what it was is hashed again.
package final class CatalogueKeeper: Sendable {
    private let catalogue: ModelCatalogue
    private let prover: FileProver
    private let isStopping = Atomic(false)

    /// How long it waits before it looks again, in milliseconds.
    private static let step = 20

    /// Keeps a catalogue.
    package init(_ catalogue: ModelCatalogue, _ prover: FileProver) {
        self.catalogue = catalogue
        self.prover = prover
    }

    /// Works until ``stop()`` is called.
    package func run() async throws(FileError) {
        try await Threads.run(1) { [self] _ in
            // What fails is tried again by the next server.
            try? catalogue.sweepDeleted { stops }
            try? catalogue.sweepContent { stops }
            try? catalogue.unproved({ stops }) { content in
                let path = catalogue.store.path(of: content.sha256)
                guard let status = try? FileStatus.status(of: path), status.kind == .file else { return }
                prover.add([CatalogueKeeper.file(content, at: path, status)])
            }
            while !stops {
                try? catalogue.sweepDeleted { stops }
                pause(milliseconds: CatalogueKeeper.step)
            }
        }
    }

    /// Has ``run()`` return soon.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var stops: Bool { isStopping.load(ordering: .acquiring) }

    /// Content of the store as the prover takes files.
    static func file(_ content: StoredContent, at path: String, _ status: FileStatus) -> CachedFile {
        CachedFile(
            path: RelativePath(content.sha256.hex) ?? "content", location: path, status: status,
            evidence: [.sha256(content.sha256, .blob)], expectedSize: content.size)
    }
}
