import ArgumentParser
import Caches
import Formats
import Manifests
import Storage

/// `knapsack doctor`
struct DoctorCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what Knapsack finds on this machine, and what is set up in a way that will not work.",
        usage: "knapsack doctor [<options>]",
        discussion: """
            Caches, free space, versions, the certificates by which servers are known, and whether there are \
            credentials for the Hub and Kaggle: never what they are. Nothing is written and no network is used. Exit code 0 if nothing stands in the way.

            Examples:
              knapsack doctor
              knapsack doctor --json   # for a report of a problem
            """)

    /// Which caches are looked at.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Prints what is found; never a credential itself. Exit code 0 if nothing stands in the way.
    func execute(_ session: Session) async throws {
        let places = Places(session.context, cacheOptions.caches(session.context))
        let credentials = CredentialPlace.all(session.context.environment)
        session.add("version", .string(Knapsack.version))
        session.add(
            "libraries", .object(LibraryVersions.all.map { JSON.Member($0.name, .string($0.version)) }))
        session.add("places", .array(places.all.map(\.json)))
        session.add("credentials", .array(credentials.map(\.json)))
        if !session.json {
            session.context.writeOutput(text(places, credentials, width: session.context.terminal.tableWidth))
        }
        session.report(places.findings + credentials.flatMap(\.findings))
        if !session.hasErrors { session.say("nothing stands in the way") }
    }

    private func text(_ places: Places, _ credentials: [CredentialPlace], width: Int) -> String {
        let versions = LibraryVersions.all.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        let table = Table(
            [
                .init(title: "PLACE"), .init(title: "AT", canShrink: true, least: 20), .init(title: "STATE"),
                .init(title: "HOLDS", isNumber: true), .init(title: "FREE", isNumber: true),
            ], rows: places.all.map(\.row))
        let keys = Table(
            [.init(title: "CREDENTIALS"), .init(title: "FROM", canShrink: true)],
            rows: credentials.map { [$0.service, $0.place ?? "none"] })
        return "knapsack \(Knapsack.version), with \(versions)\n\n" + table.text(width: width) + "\n"
            + keys.text(width: width) + "\n"
    }
}

/// The directories that Knapsack reads and writes, as they are now.
private struct Places {
    struct Place {
        let name: String
        let path: String?
        let isThere: Bool
        let holds: String
        let free: Int?

        var row: [String] {
            [
                name, path.map { FileWalk.shown($0) } ?? "-", isThere ? "found" : "not there", holds,
                free.map(ByteCount.text) ?? "-",
            ]
        }

        var json: JSON {
            [
                "name": .string(name), "path": path.map(JSON.string) ?? .null, "exists": .bool(isThere),
                "holds": .string(holds), "free": free.map(JSON.integer) ?? .null,
            ]
        }
    }

    let all: [Place]
    let findings: [Diagnostic]

    init(_ context: CommandContext, _ caches: Caches) {
        let environment = context.environment
        let inventory = caches.inventory()
        let mounts = caches.mounts.flatMap { $0.isThere ? $0 : nil }
        func count(_ isIn: (Snapshot) -> Bool) -> String {
            Counted.text(inventory.items.count { isIn($0.snapshot) }, "revision")
        }
        func isAttached(_ snapshot: Snapshot) -> Bool {
            guard let root = mounts.flatMap({ try? Directory.realPath($0.root) }) else { return false }
            return Path.isInside(snapshot.directory, root)
        }
        func isHub(_ snapshot: Snapshot) -> Bool { if case .hub = snapshot.origin { true } else { false } }
        func isKaggle(_ snapshot: Snapshot) -> Bool {
            if case .kaggle = snapshot.origin { true } else { false }
        }
        func isRegistry(_ snapshot: Snapshot) -> Bool {
            if case .registry = snapshot.origin { true } else { false }
        }
        let hub = Places.place("Hugging Face cache", caches.hub.root, holds: count(isHub))
        let kaggle = Places.place(
            "kagglehub cache", caches.kagglehub.root, holds: count { isKaggle($0) && !isAttached($0) })
        let attached = mounts.map {
            Places.place("attached by Kaggle", $0.root, holds: count(isAttached))
        }
        let registries = caches.registries.flatMap { store in
            FileStatus.isDirectory(store.root)
                ? Places.place("from registries", store.root, holds: count(isRegistry)) : nil
        }
        let rows = context.cacheDirectory.flatMap { try? DigestIndex.kept(inDirectory: $0) }?.rows ?? 0
        let own = Places.place(
            "remembered digests", context.cacheDirectory, holds: Counted.text(rows, "file"))
        let here = Places.place("current directory", ".", holds: "-")
        let certificates = CertificatePlace(environment)
        let trusted = Place(
            name: "trusted certificates", path: certificates.path, isThere: certificates.count > 0,
            holds: certificates.count > 0 ? Counted.text(certificates.count, "certificate") : "-", free: nil)
        all =
            [hub, kaggle] + (attached.map { [$0] } ?? []) + (registries.map { [$0] } ?? []) + [
                own, here, trusted,
            ]
        var findings = inventory.problems.filter { $0.severity == .error } + certificates.findings
        if !hub.isThere, !kaggle.isThere, attached == nil {
            findings.append(
                Diagnostic(
                    code: .cacheMissing, "neither the Hugging Face cache nor the kagglehub cache is there",
                    fix:
                        "download a model, or set HF_HUB_CACHE or KAGGLEHUB_CACHE to where your downloads are"
                ))
        }
        for (variable, place) in [("HF_HUB_CACHE", hub), ("HF_HOME", hub), ("KAGGLEHUB_CACHE", kaggle)] {
            guard let value = environment[variable], !place.isThere, hub.isThere || kaggle.isThere else {
                continue
            }
            findings.append(
                Diagnostic(
                    code: .setup, "\(variable) is \(value.quoted), and there is no \(place.name)",
                    fix: "set \(variable) to where your downloads are, or unset it"))
        }
        if context.cacheDirectory == nil {
            findings.append(
                Diagnostic(
                    code: .noHome, "nobody states where Knapsack keeps what it remembers",
                    fix: "set HOME or KNAPSACK_CACHE_DIR"))
        } else if let path = own.path, own.isThere, !OpenDirectory.isWritable(path) {
            findings.append(
                Diagnostic(
                    code: .setup,
                    "\(FileWalk.shown(path)) cannot be written, so that every file is hashed again",
                    fix: "make it writable, or set KNAPSACK_CACHE_DIR to a directory that is"))
        }
        for place in all where place.isThere && (place.free ?? .max) < 1 << 30 {
            findings.append(
                Diagnostic(
                    .warning, code: .diskFull, "less than 1 GiB is free in the \(place.name)",
                    fix: "free space, or write the bundle elsewhere with --output"))
        }
        self.findings = findings
    }

    private static func place(_ name: String, _ path: String?, holds: String) -> Place {
        let real = path.flatMap { try? Directory.realPath($0.isEmpty ? "." : $0) }
        let isThere = real.map { (try? FileStatus.status(of: $0).kind) == .directory } ?? false
        let free = isThere ? real.flatMap { try? Directory.freeBytes(at: $0) } : nil
        return Place(
            name: name, path: path == "." ? real : path, isThere: isThere, holds: isThere ? holds : "-",
            free: free)
    }
}
