import Formats
import Manifests

/// Which release of which project a wheel is.
struct WheelIdentity: Equatable {
    /// The name of the project.
    let name: String
    /// The version.
    let version: String
    /// The licence that the wheel states; `nil` where it states none, or states nothing by it.
    var license: StatedLicense?

    /// - Returns: what the lock states that the wheel's METADATA states, else what its file name states; `nil` where the
    ///   file is no wheel.
    init?(_ file: LockedFile, of entry: LockedEntry) {
        guard entry.kind == .wheels, let named = WheelIdentity(path: file.path) else { return nil }
        let record = entry.fact("wheels")?["files"]?.array?.first { record in
            record["path"]?.string.map { $0.hasSameBytes(as: file.path.text) } ?? false
        }
        self.init(
            name: record?["name"]?.string ?? named.name, version: record?["version"]?.string ?? named.version)
        license = record?["license"]?.string.flatMap { StatedLicense($0) }
    }

    /// Reads a file name (PEP 427): `name-version(-build)?-python-abi-platform.whl`.
    init?(path: RelativePath) {
        guard path.hasSuffix(".whl") else { return nil }
        let parts = path.name.utf8.dropLast(4).split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 5 || parts.count == 6, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(name: String(Substring(parts[0])), version: String(Substring(parts[1])))
    }

    private init(name: String, version: String) {
        self.name = name
        self.version = version
    }

    /// The wheel as a package URL of type `pypi`: the name in small letters, "-" for "_".
    var packageURL: String { PackageURL.pypi(name, version: version) }
}
