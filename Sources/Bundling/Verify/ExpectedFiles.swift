import Storage

/// The stored files that a lock says a bundle has, worked out from the lock's records alone.
struct ExpectedFiles {
    /// What a stored file must be.
    struct Content {
        let sha256: SHA256Digest
        let size: Int
    }

    /// By the paths in the bundle.
    private(set) var content: [String: Content] = [:]

    /// Works through the lock.
    ///
    /// - Throws: where the lock gives one path two contents.
    init(lock: Lock) throws(Diagnostics) {
        for entry in lock.entries {
            for file in entry.files {
                let path: String
                switch file.placement {
                case .natural: path = entry.naturalPath(of: file)
                case .at(let other): path = other
                case .segments: continue
                }
                if let present = content[path], present.sha256 != file.sha256 || present.size != file.size {
                    throw Diagnostics(
                        Diagnostic(
                            code: "lock-contradicts-itself",
                            "the lock gives \(path) two contents: \(present.sha256) and \(file.sha256)",
                            verdict: .undecided))
                }
                content[path] = Content(sha256: file.sha256, size: file.size)
            }
        }
    }

    /// The path whose content has this digest, the first in the order of bytes; `nil` where there is none.
    func path(of digest: SHA256Digest) -> String? {
        content.filter { $0.value.sha256 == digest }.keys
            .min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
