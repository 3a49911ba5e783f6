import Formats
import Glibc
import Storage

/// Loading from a Hub on this machine, side by side with `hf download` (without Xet) and with aria2c and sha256sum.
///
/// `KNAPSACK_FETCH_PYTHON` names a Python with huggingface_hub, whose `hf` is beside it. The Hub is the one of the tests.
func measureFetch(_ setting: Setting) throws {
    guard let python = unsafe getenv("KNAPSACK_FETCH_PYTHON").map({ unsafe String(cString: $0) }) else {
        throw BenchFailure(message: "KNAPSACK_FETCH_PYTHON names no Python with huggingface_hub")
    }
    print("fetch: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let large = try BenchData(
        directory: setting.root + "/large", count: 8, size: setting.isSmall ? 8 << 20 : 512 << 20)
    let many = try BenchData(
        directory: setting.root + "/many-json", count: 1000, size: 10_000, suffix: "json")
    try large.warm()
    try many.warm()
    let hub = try BenchHub(python: python, setting, [("large", large.source), ("many", many.source)])
    let clients = FetchClients(setting: setting, python: python, hub: hub)
    try clients.compare("4 GB in 8 files", "large", hub.near, withAria: true)
    try clients.compare("1,000 files of 10 kB", "many", hub.near, withAria: false)
    try clients.compare("1,000 files, 50 ms late", "many", hub.far, withAria: false)
    hub.end()
}

/// The programs that load, each into a directory that is empty before.
private struct FetchClients {
    let setting: Setting
    let python: String
    let hub: BenchHub

    private var place: String { setting.root + "/loaded" }

    func compare(_ name: String, _ repository: String, _ address: String, withAria: Bool) throws {
        var fetching: [Measured] = []
        var downloading: [Measured] = []
        var others: [Measured] = []
        for _ in 0..<setting.runs {
            fetching.append(
                try run(address, [setting.knapsack, "fetch", "hf:bench/\(repository)", "--quiet"]))
            downloading.append(
                try run(address, [Path.join(Path.parent(python), "hf"), "download", "bench/\(repository)"]))
            if withAria {
                let list = setting.root + "/\(repository).list"
                let files = hub.files(of: repository).joined(separator: "\n") + "\n"
                try AtomicFile.write(Array(files.utf8), to: list)
                let command = "aria2c -q -x8 -i '\(list)' -d '\(place)' && sha256sum '\(place)'/*"
                others.append(try run(address, ["sh", "-c", command]))
            }
        }
        report(name, median(fetching), "hf download", median(downloading))
        if withAria { report(name, median(fetching), "aria2c -x8, sha256sum", median(others)) }
    }

    private func run(_ address: String, _ command: [String]) throws -> Measured {
        try Directory.removeTree(place)
        try Directory.make(place)
        defer { try? Directory.removeTree(place) }
        return try Measured.running(
            [command],
            environment: [
                "HF_ENDPOINT": address, "HF_HUB_CACHE": place, "HF_HOME": place + "/home",
                "HOME": setting.root,
                "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            ])
    }
}

/// The Hub of the tests, in a process of its own.
private struct BenchHub {
    private let process: pid_t
    private let lines: [String]

    init(python: String, _ setting: Setting, _ repositories: [(name: String, directory: String)]) throws {
        let addresses = setting.root + "/addresses"
        try Directory.removeFile(addresses)
        process = try Measured.spawn(
            [python, "Tests/Interop/support/bench_hub.py", addresses]
                + repositories.map { "\($0.name)=\($0.directory)" }, [:])
        for _ in 0..<600 where try FileStatus.existing(addresses) == nil { usleep(100_000) }
        let text = String(decoding: try FileReader.contents(of: addresses, limit: 1 << 20), as: UTF8.self)
        lines = text.split(separator: "\n").map(String.init)
        guard lines.count > 2 else { throw BenchFailure(message: "the Hub of the tests did not start") }
    }

    /// The address of the Hub whose answers come at once.
    var near: String { lines[0] }
    /// The address of the Hub whose answers come 50 ms late.
    var far: String { lines[1] }

    /// The addresses of the files of a repository.
    func files(of repository: String) -> [String] {
        lines.filter { $0.hasPrefix("\(near)/bench/\(repository)/") }
    }

    func end() {
        kill(process, SIGTERM)
        var status: Int32 = 0
        unsafe _ = waitpid(process, &status, 0)
    }
}
