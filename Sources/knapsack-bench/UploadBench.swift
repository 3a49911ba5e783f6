import Formats
import Glibc
import Storage

/// Uploading 4 GB to a Kaggle on this machine, side by side with kagglehub and with `kaggle datasets create -r zip`.
///
/// `KNAPSACK_UPLOAD_PYTHON` names a Python with kagglehub, kaggle and what the tests need. Each run has a Kaggle of its own.
func measureUpload(_ setting: Setting) throws {
    let python = try BenchServer.python("KNAPSACK_UPLOAD_PYTHON", "with kagglehub and kaggle")
    print("upload: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let data = try BundleData(setting)
    var own: [Measured] = []
    var hub: [Measured] = []
    var zip: [Measured] = []
    /// Runs a command that uploads, with a Kaggle that has nothing.
    func run(_ command: [String]) throws -> Measured {
        let home = setting.root + "/home"
        try Directory.removeTree(home)
        try Directory.make(home)
        let server = try BenchServer(python, "bench_kaggle.py", in: setting.root)
        defer { server.end() }
        return try Measured.running(
            [command],
            environment: [
                "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": server.address, "no_proxy": "",
                "KAGGLE_USERNAME": "tester", "KAGGLE_KEY": String(repeating: "0", count: 32),
                "KNAPSACK_CACHE_DIR": home + "/index", "HOME": home, "TMPDIR": home,
            ])
    }
    let upload = "import kagglehub; kagglehub.dataset_upload('tester/bench-data', '\(data.bundle)')"
    let main = "import sys; from kaggle.cli import main; sys.exit(main())"
    for _ in 0..<setting.runs {
        own.append(try run([setting.knapsack, "upload", data.bundle, "--quiet"]))
        hub.append(try run([python, "-c", upload]))
    }
    // Deflating takes minutes, so that once is enough.
    zip.append(
        try run([python, "-c", main, "datasets", "create", "-p", data.bundle, "-r", "zip", "-q"]))
    report("upload 4 GB", median(own), "kagglehub", median(hub))
    report("upload 4 GB", median(own), "kaggle -r zip", median(zip))
}

/// Pushing 4 GB to docker-registry and pulling it, side by side with `skopeo copy` from and to a directory.
///
/// `KNAPSACK_UPLOAD_PYTHON` names a Python with what the tests need.
func measureRegistry(_ setting: Setting) throws {
    let python = try BenchServer.python("KNAPSACK_UPLOAD_PYTHON", "of the tests")
    print("registry: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let data = try BundleData(setting)
    let (layout, got, home) = (setting.root + "/layout", setting.root + "/got", setting.root + "/home")
    var (push, pull, copyTo, copyFrom): ([Measured], [Measured], [Measured], [Measured]) = ([], [], [], [])
    func run(_ command: [String]) throws -> Measured {
        try Measured.running(
            [command],
            environment: ["KNAPSACK_CACHE_DIR": home + "/index", "HOME": home, "TMPDIR": setting.root])
    }
    for _ in 0..<setting.runs {
        for place in [layout, got, home] { try Directory.removeTree(place) }
        try Directory.make(home)
        let first = try BenchServer(python, "bench_registry.py", in: setting.root)
        let name = "\(first.address)/bench/data:v1"
        push.append(try run([setting.knapsack, "push", data.bundle, "oci://\(name)", "--quiet"]))
        pull.append(try run([setting.knapsack, "pull", "oci://\(name)", "--to", got, "--quiet"]))
        let from = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "docker://\(name)"]
        copyFrom.append(try run(from + ["oci:\(layout):v1"]))
        first.end()
        let second = try BenchServer(python, "bench_registry.py", in: setting.root)
        let to = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", "oci:\(layout):v1"]
        copyTo.append(try run(to + ["docker://\(second.address)/bench/data:v1"]))
        second.end()
    }
    report("push 4 GB", median(push), "skopeo copy", median(copyTo))
    report("pull 4 GB", median(pull), "skopeo copy", median(copyFrom))
}

/// A bundle of four files.
private struct BundleData {
    /// Its directory.
    let bundle: String

    init(_ setting: Setting) throws {
        let data = try BenchData(
            directory: setting.root + "/large", count: 4, size: setting.isSmall ? 8 << 20 : 1 << 30)
        bundle = setting.root + "/bundle"
        try Directory.removeTree(bundle)
        _ = try setting.command(in: setting.root, ["lock", data.manifest])
        let owned = ["pack", data.manifest, "--output", bundle, "--link-mode", "hardlink"]
        _ = try setting.command(in: setting.root, owned)
        try data.warm()
    }
}

/// A server of the tests, in a process of its own.
private struct BenchServer {
    private let process: pid_t
    private let directory: String
    /// Where it is.
    let address: String

    /// The Python that a variable names.
    static func python(_ variable: String, _ which: String) throws -> String {
        guard let python = unsafe getenv(variable).map({ unsafe String(cString: $0) }) else {
            throw BenchFailure(message: "\(variable) names no Python \(which)")
        }
        return python
    }

    /// Starts it with nothing in it.
    init(_ python: String, _ script: String, in root: String) throws {
        let place = root + "/address"
        directory = root + "/server"
        try Directory.removeFile(place)
        try Directory.removeTree(directory)
        process = try Measured.spawn([python, "Tests/Interop/support/\(script)", directory, place], [:])
        for _ in 0..<600 where try FileStatus.existing(place) == nil { usleep(100_000) }
        let text = String(decoding: try FileReader.contents(of: place, limit: 1 << 10), as: UTF8.self)
        address = String(text.prefix { $0 != "\n" })
    }

    func end() {
        kill(process, SIGTERM)
        var status: Int32 = 0
        unsafe _ = waitpid(process, &status, 0)
        try? Directory.removeTree(directory)
    }
}
