import Formats
package import Manifests
package import Storage

/// The importance matrix of an entry.
package struct ImatrixInput: Sendable {
    /// The path in the manifest, which the metadata states too.
    package let name: String
    /// The file's place; `nil` where it is not looked at.
    package let location: String?
    /// The digest that decides what is made.
    package let sha256: SHA256Digest

    /// The parameter of a conversion that states the digest.
    static let digestKey = "imatrix-sha256"

    /// The matrix as it is beside the manifest now.
    package init?(_ request: ConversionRequest, in directory: String, for entry: String) throws(Diagnostics) {
        guard let name = request.imatrix else { return nil }
        let location = Path.join(directory, name)
        self.name = name
        self.location = location
        sha256 = try Self.digest(location, entry)
    }

    /// The matrix that a command line names, from the current directory.
    init(name: String, for entry: String) throws(Diagnostics) {
        self.name = name
        location = name
        sha256 = try Self.digest(name, entry, fix: "check the path behind --imatrix")
    }

    /// The matrix that a lock has.
    package init?(_ request: ConversionRequest, as conversion: LockedConversion, in directory: String? = nil)
    {
        guard let name = request.imatrix,
            let digest = JSON.object(conversion.parameters)[Self.digestKey]?.string,
            let sha256 = SHA256Digest(hex: digest)
        else { return nil }
        self.name = name
        location = directory.map { Path.join($0, name) }
        self.sha256 = sha256
    }

    /// Opens the importance matrix that an entry of the manifest asks for.
    package func open(for entry: String) throws -> ImatrixFile {
        try check(for: entry)
        return try ImatrixFile.open(path: location ?? name, name: name)
    }

    /// Makes sure that the file has the digest.
    package func check(for entry: String) throws(Diagnostics) {
        let found = try Self.digest(location ?? name, entry)
        guard found != sha256 else { return }
        throw Diagnostics(
            Diagnostic(
                code: .changed,
                "\(entry): the importance matrix \(name) has other content than the lock states",
                notes: ["expected sha256 \(sha256)", "found    sha256 \(found)"],
                fix: "take the file back, or run knapsack lock {manifest} --update \(entry)"))
    }

    private static func digest(
        _ location: String, _ entry: String,
        fix: String = "check that imatrix is right; it is relative to the manifest"
    ) throws(Diagnostics) -> SHA256Digest {
        do {
            var buffer = Buffer(count: FileReader.blockSize)
            let file = try FileHandle.named(location)
            return try FileReader.read(file, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .imatrixUnreadable, "\(entry): the importance matrix cannot be read: \(error)",
                    fix: fix, verdict: .undecided))
        }
    }
}
