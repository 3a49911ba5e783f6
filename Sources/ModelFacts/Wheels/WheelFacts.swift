package import Formats
package import Manifests

/// What a lock records of a wheel, so that `check` needs no wheel.
package struct WheelFacts: Equatable, Sendable {
    /// Something wrong with the wheel.
    package struct Problem: Equatable, Sendable {
        /// The finding's code.
        package let code: Code
        /// What is wrong, to be read after the wheel's path.
        package let message: String
    }

    /// What can be wrong; the raw values are what a lock records.
    package enum Code: String, Sendable, CaseIterable {
        /// It cannot be read or installed.
        case broken = "wheel-broken"
        /// Its files are not those of its RECORD.
        case record = "wheel-record"
        /// It contradicts its file name about what it runs on.
        case tags = "wheel-tags"

        /// The code of such a finding.
        package var finding: FindingCode {
            switch self {
            case .broken: .wheelBroken
            case .record: .wheelRecord
            case .tags: .wheelTags
            }
        }
    }

    /// The version of what is looked at; facts of another one are read anew.
    package static let reader = 2
    /// The name of the fact in a lock.
    package static let key = "wheels"

    /// The path below the entry.
    package let path: RelativePath
    /// The project's name and version as METADATA has them; `nil` where it cannot be read.
    package let name: String?
    /// The version of the project, as METADATA has it; `nil` where it cannot be read.
    package let version: String?
    /// The tags of the WHEEL file, sorted, where they are not those of the file name.
    package var tags: [String] = []
    /// `Requires-Python`, as the metadata states it.
    package let requiresPython: String?
    /// `Requires-Dist`, each as the metadata states it.
    package let requires: [String]
    /// `Provides-Extra`, each as the metadata states it.
    package let extras: [String]
    /// The licence that the wheel states, in SPDX's words if it has some; `nil` where it states none.
    package var license: String?
    /// What is wrong with the wheel.
    package var problems: [Problem]

    /// Whether an installer takes it at all.
    package var isBroken: Bool { name == nil || problems.contains { $0.code == .broken } }

    /// The record in a lock.
    package var json: JSON {
        func list(_ name: String, _ texts: [String]) -> JSON.Member? {
            texts.isEmpty ? nil : JSON.Member(name, .array(texts.map(JSON.string)))
        }
        func text(_ name: String, _ text: String?) -> JSON.Member? {
            text.map { JSON.Member(name, .string($0)) }
        }
        let faults = problems.map { JSON.array([.string($0.code.rawValue), .string($0.message)]) }
        return .object(
            [
                list("extras", extras), text("license", license), text("name", name), text("path", path.text),
                faults.isEmpty ? nil : JSON.Member("problems", .array(faults)),
                list("requires", requires), text("requires_python", requiresPython), list("tags", tags),
                text("version", version),
            ].compactMap(\.self))
    }

    /// What a lock has of the wheels of an entry; `nil` where they were not looked at by this reader.
    package static func recorded(in entry: LockedEntry) -> [WheelFacts]? {
        guard let fact = entry.fact(key), fact["reader"]?.integer == reader else { return nil }
        return fact["files"]?.array?.compactMap { WheelFacts($0) }
    }

    /// The fact for a lock; `nil` if there are no wheels.
    package static func fact(_ wheels: [WheelFacts]) -> JSON.Member? {
        guard !wheels.isEmpty else { return nil }
        let value: JSON = ["files": .array(wheels.map(\.json)), "reader": .integer(reader)]
        return JSON.Member(key, value)
    }
}

extension WheelFacts {
    private init?(_ json: JSON) {
        guard let path = json["path"]?.string.flatMap({ RelativePath($0) }) else { return nil }
        self.path = path
        name = json["name"]?.string
        version = json["version"]?.string
        tags = json["tags"]?.strings ?? []
        requiresPython = json["requires_python"]?.string
        requires = json["requires"]?.strings ?? []
        extras = json["extras"]?.strings ?? []
        license = json["license"]?.string
        problems = (json["problems"]?.array ?? []).map { fault in
            let parts = fault.strings ?? []
            // A problem of a kind that is not known is one all the same.
            return Problem(
                code: parts.first.flatMap(Code.init) ?? .broken, message: parts.last ?? "is broken")
        }
    }
}

extension LockedEntry {
    /// The paths of the entry's wheels.
    package var wheelPaths: [RelativePath] { files.map(\.path).filter(WheelFiles.isWheel) }
}

/// Which files of a wheelhouse are what.
package enum WheelFiles {
    /// Whether a path is a wheel's.
    package static func isWheel(_ path: RelativePath) -> Bool { path.hasSuffix(".whl") }

    /// Whether pip would take a path for a source distribution.
    package static func isSource(_ path: RelativePath) -> Bool {
        let endings = [".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tar", ".zip"]
        return endings.contains { path.hasSuffix($0) }
    }
}
