package import Caches
import Formats
import Manifests
import Storage

extension RegistryArtifact {
    /// Asks for the manifest.
    package static func resolve(_ client: RegistryClient) async throws -> RegistryArtifact {
        do {
            return try await UploadThreads.one { try find(client) }
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    private static func find(_ client: RegistryClient) throws -> RegistryArtifact {
        guard
            let (bytes, type) = try client.document(
                client.manifest(client.reference.wanted), accept: RegistryType.accepted)
        else { throw RegistryRefusal(status: 404, isKnown: client.credentials != nil) }
        let digest = try ContentHasher.sha256(bytes.span)
        if let pinned = client.reference.digest, pinned != digest {
            throw Refused(
                reason: "has a manifest with the digest sha256:\(digest.hex), which was not asked for")
        }
        return try RegistryArtifact(bytes, type: type, digest: digest) { layer in
            try RegistryProof.archive(layer, client)
        }
    }
}
