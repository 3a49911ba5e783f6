package import Formats
import Manifests
package import Storage

/// What names a content of a registry: its type, its digest and its size (OCI image specification 1.1, "descriptor").
package struct RegistryDescriptor: Equatable, Sendable {
    /// The media type.
    package let type: String
    /// The digest.
    package let digest: SHA256Digest
    /// The size in bytes.
    package let size: Int

    /// Takes what is stated.
    package init(type: String, digest: SHA256Digest, size: Int) {
        self.type = type
        self.digest = digest
        self.size = size
    }

    /// Names a document.
    package init(_ type: String, _ bytes: [UInt8]) throws(HashingFailure) {
        self.init(type: type, digest: try ContentHasher.sha256(bytes.span), size: bytes.count)
    }

    /// Reads one; `nil` for what is none, and for other digests than SHA-256.
    package init?(_ json: JSON) {
        guard let type = json["mediaType"]?.string,
            let digest = json["digest"]?.string.flatMap({ RegistryReference.digest($0) }),
            let size = json["size"]?.integer, size >= 0
        else { return nil }
        self.init(type: type, digest: digest, size: size)
    }

    /// The members that every descriptor has.
    package var members: [JSON.Member] {
        [
            JSON.Member("mediaType", .string(type)), JSON.Member("digest", .string("sha256:\(digest.hex)")),
            JSON.Member("size", .integer(size)),
        ]
    }
}

/// The media types that are written and read.
package enum RegistryType {
    /// A manifest, also that of a model (OCI image specification 1.1).
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// A list of manifests.
    package static let index = "application/vnd.oci.image.index.v1+json"
    /// Docker's names of the two.
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// A list of manifests, as Docker calls it.
    package static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    /// The content `{}`, for what has no configuration.
    package static let empty = "application/vnd.oci.empty.v1+json"
    /// A model (CNCF ModelPack 1.0, `docs/spec.md`).
    package static let model = "application/vnd.cncf.model.manifest.v1+json"
    /// What a model is (CNCF ModelPack 1.0, `docs/config.md`).
    package static let modelConfig = "application/vnd.cncf.model.config.v1+json"
    /// How the types of ModelPack's layers begin.
    package static let modelLayer = "application/vnd.cncf.model."
    /// A lock of Knapsack.
    package static let lock = "application/vnd.knapsack.lock.v1+json"
    /// The signature of a bundle (OpenSSF Model Signing: a Sigstore bundle).
    package static let signature = "application/vnd.dev.sigstore.bundle.v0.3+json"

    /// What is asked for where a manifest is.
    package static let accepted = [manifest, index, dockerManifest, dockerIndex].joined(separator: ", ")
}

/// The names of annotations.
package enum RegistryAnnotation {
    /// The path of a layer's file (CNCF ModelPack 1.0, `docs/annotations.md`).
    package static let path = "org.cncf.model.filepath"
    /// Mode, owner and times of a layer's file, as JSON in a text (the same).
    package static let metadata = "org.cncf.model.file.metadata+json"
    /// Whether nobody looked whether the layer's type is right (the same).
    package static let untested = "org.cncf.model.file.mediatype.untested"
    /// The name of a file, by which clients such as oras write it (OCI image specification 1.1, "annotations").
    package static let title = "org.opencontainers.image.title"
}
