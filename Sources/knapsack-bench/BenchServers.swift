import Formats
import Glibc
import Storage

/// A server that is measured, in a process of its own.
struct MeasuredServer {
    /// What it is called in the results.
    let name: String
    /// Where it listens.
    let port: Int
    private let process: pid_t

    /// Starts `knapsack serve` over a catalogue and an empty cache.
    init(knapsack setting: Setting, catalogue: String, port: Int) throws {
        let home = setting.root + "/home"
        try Directory.make(home + "/hub")
        try self.init(
            "knapsack",
            [
                setting.knapsack, "serve", "--port", String(port), "--hf-cache", home + "/hub", "--catalogue",
                catalogue,
            ],
            environment: ["KNAPSACK_CACHE_DIR": home + "/index", "HOME": home], port: port)
    }

    /// Starts nginx with one process over a directory, with a configuration and a folder of its own.
    init(nginx program: String, _ setting: Setting, files: String, port: Int) throws {
        let place = setting.root + "/nginx"
        try Directory.make(place)
        let configuration = """
            daemon off; master_process off; pid \(place)/pid; error_log \(place)/error.log;
            events { worker_connections 1024; }
            http {
                sendfile on; tcp_nopush on; tcp_nodelay on; access_log off; keepalive_requests 100000000;
                client_body_temp_path \(place)/body; proxy_temp_path \(place)/proxy;
                fastcgi_temp_path \(place)/fastcgi; uwsgi_temp_path \(place)/uwsgi; scgi_temp_path \(place)/scgi;
                server { listen 127.0.0.1:\(port); root \(files); }
            }

            """
        try AtomicFile.write(Array(configuration.utf8), to: place + "/nginx.conf")
        try self.init(
            "nginx", [program, "-p", place, "-c", place + "/nginx.conf"], environment: ["HOME": place],
            port: port)
    }

    private init(
        _ name: String, _ command: [String], environment: [String: String], port: Int
    ) throws {
        (self.name, self.port) = (name, port)
        process = try Measured.spawn(command, environment)
        for _ in 0..<200 {
            let found = try? LoadClient(port: port, connections: 1).run(seconds: 1, limit: 1) { _ in
                getRequest("/")
            }
            if (found?.answers ?? 0) > 0 { return }
            usleep(50_000)
        }
        kill(process, SIGKILL)
        throw BenchFailure(message: "\(name) did not start")
    }

    /// Where nginx is; `nil` where it is not installed.
    static func nginx() -> String? {
        ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].first {
            (try? FileStatus.existing($0)) ?? nil != nil
        }
    }

    /// The seconds of processor time that it has used.
    func processorSeconds() throws -> Double {
        let text = try file("stat")
        // The name, in parentheses, may have blanks in it.
        let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchFailure(message: "the time of \(name) cannot be read")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Waits until it does nothing but wait: it looks at a large catalogue after its start, which is no part of what is measured.
    /// - Returns: the seconds of processor time until then.
    func settle() throws -> Double {
        var last = try processorSeconds()
        for _ in 0..<600 {
            usleep(500_000)
            let now = try processorSeconds()
            if now - last < 0.03 { return now }
            last = now
        }
        return last
    }

    /// The largest resident set that it had, in bytes.
    func peakMemory() throws -> Int {
        for line in try file("status").split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let words = line.split(separator: " ").flatMap { $0.split(separator: "\t") }
            if words.count > 1, let size = Int(words[1]) { return size << 10 }
        }
        return 0
    }

    private func file(_ name: String) throws -> String {
        let path = "/proc/\(process)/\(name)"
        let file = try FileHandle.reading(path)
        var buffer = Buffer(count: 1 << 14)
        let count = try file.read(into: &buffer)
        return buffer.withBytes(count) { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
    }

    /// Ends it.
    func end() {
        kill(process, SIGTERM)
        var status: Int32 = 0
        unsafe _ = waitpid(process, &status, 0)
    }
}
