/// A Linux machine as platform tags describe it (PEP 600, PEP 656).
package struct LinuxPlatform: Equatable, Sendable {
    /// The C library.
    package enum Library: Equatable, Sendable {
        /// GNU's, 2.x.
        case glibc(minor: Int)
        /// musl 1.x.
        case musl(minor: Int)
        /// Not known: only wheels for any Linux or any platform will do.
        case unknown
    }

    /// The processor, as `uname -m` names it.
    package let machine: String
    /// The C library and its version.
    package let library: Library

    /// A machine.
    package init(machine: String, library: Library) {
        self.machine = machine
        self.library = library
    }

    /// Reads the newest tag that the machine takes: "manylinux_2_35_x86_64", "manylinux2014_aarch64",
    /// "musllinux_1_2_x86_64" or "linux_x86_64"; `nil` for everything else.
    package init?(tag: String) {
        var parts = tag.split(separator: "_", omittingEmptySubsequences: false)
        let kind = parts.removeFirst()
        func number() -> Int? {
            guard let first = parts.first, first.utf8.count <= 3,
                first.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            parts.removeFirst()
            return Int(first)
        }
        switch kind {
        case "manylinux":
            guard number() == 2, let minor = number() else { return nil }
            library = .glibc(minor: minor)
        case "musllinux":
            guard number() == 1, let minor = number() else { return nil }
            library = .musl(minor: minor)
        case "linux": library = .unknown
        default:
            guard let known = LinuxPlatform.legacy.first(where: { $0.name == kind }) else { return nil }
            library = .glibc(minor: known.glibc)
        }
        machine = parts.joined(separator: "_")
        guard LinuxPlatform.machines.contains(machine) else { return nil }
    }

    /// The processors that manylinux and musllinux wheels are made for.
    package static let machines = [
        "x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64", "ppc64",
    ]

    /// The names before PEP 600, with the glibc 2.x that each stands for (PEP 513, 571, 599).
    package static let legacy: [(name: String, glibc: Int)] = [
        ("manylinux2014", 17), ("manylinux2010", 12), ("manylinux1", 5),
    ]

    /// The tags that `pip download --platform` has to be given one by one, newest first: pip takes a tag for itself alone,
    /// but for the names before PEP 600, with which it takes the older of them (pip 26, `_custom_manylinux_platforms`).
    package var pipTags: [String] {
        let known = tags.filter { !$0.hasPrefix("linux_") }
        let last = known.firstIndex { tag in Self.legacy.contains { tag == "\($0.name)_\(machine)" } }
        return known.isEmpty ? tags : Array(known.prefix(last.map { $0 + 1 } ?? known.count))
    }

    /// The platform tags that the machine takes, best first.
    package var tags: [String] {
        var tags = ["linux_\(machine)"]
        switch library {
        case .glibc(let minor):
            // No policy is older than glibc 2.5, and away from Intel none than 2.17.
            let oldest = machine == "x86_64" || machine == "i686" ? 5 : 17
            for minor in stride(from: minor, through: oldest, by: -1) {
                tags.append("manylinux_2_\(minor)_\(machine)")
                if let name = LinuxPlatform.legacy.first(where: { $0.glibc == minor })?.name {
                    tags.append("\(name)_\(machine)")
                }
            }
        case .musl(let minor):
            for minor in stride(from: minor, through: 0, by: -1) {
                tags.append("musllinux_1_\(minor)_\(machine)")
            }
        case .unknown: break
        }
        return tags
    }
}
