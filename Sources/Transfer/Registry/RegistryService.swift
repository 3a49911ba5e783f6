package import Caches
import Formats
package import Manifests
import Storage
import Synchronization

/// OCI registries, and the store of Knapsack's own for what is fetched from them.
package final class RegistryService: FetchService {
    private let store: RegistryStore
    private let connect: @Sendable (RegistryReference) throws -> RegistryClient
    /// The clients by host and repository: a token is for one repository.
    private let clients = Mutex([ExactName: RegistryClient]())

    /// - Parameter connect: puts a client for a repository together; it may hold its thread.
    package init(
        _ store: RegistryStore, connect: @escaping @Sendable (RegistryReference) throws -> RegistryClient
    ) {
        self.store = store
        self.connect = connect
    }

    /// What sentences call it.
    package var name: String { "the registry" }

    /// What leads to it.
    package var addressVariable: String { "the name of the registry" }

    /// Whether a source is in a registry.
    package func has(_ source: Source) -> Bool {
        if case .registry = source { true } else { false }
    }

    private func client(_ reference: RegistryReference) throws -> RegistryClient {
        let key = ExactName(reference.description)
        if let client = clients.withLock({ $0[key] }) { return client }
        let client = try connect(reference)
        return clients.withLock { clients in
            if let other = clients[key] { return other }
            clients[key] = client
            return client
        }
    }

    /// Asks for the manifest, and for the lock of a bundle, as far as the store has them not.
    package func plan(_ wish: FetchWish) throws -> FetchPlan {
        guard case .registry(let source) = wish.source else {
            throw RegistryRefusal(status: 404, isKnown: false)
        }
        var pinned = source.reference.digest
        if case .registry(_, let manifest) = wish.pin { pinned = manifest }
        let client = try client(pinned.map { source.at($0).reference } ?? source.reference)
        do {
            let listing = try RegistryListing(source, pinned: pinned, store, client)
            return RegistryPlanning(wish, listing, store, client).plan()
        } catch let refused as RegistryArtifact.Refused {
            let finding = RegistryFindings(client).finding(refused, writes: false)
            throw Diagnostics(finding.about(wish))
        }
    }

    /// The sentence for a refusal.
    package func finding(_ refusal: any ServiceRefusal, _ wish: FetchWish, file: String?) -> Diagnostic {
        guard case .registry(let source) = wish.source, let client = try? client(source.reference) else {
            return Diagnostic(code: .failed, "\(wish.subject): \(refusal)", verdict: .undecided)
        }
        return RegistryFindings(client).finding(refusal, writes: false).about(wish)
    }
}

extension Diagnostic {
    /// The same finding with the name of the entry before it; sources name themselves.
    fileprivate func about(_ wish: FetchWish) -> Diagnostic {
        guard !wish.subject.hasSameBytes(as: wish.source.text) else { return self }
        return Diagnostic(
            severity, code: code, "\(wish.subject): \(message)", at: location, notes: notes, fix: fix,
            verdict: verdict)
    }
}
