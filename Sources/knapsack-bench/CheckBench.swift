import Formats
import Storage

/// Checking large locks, of which neither the models nor the caches are there: against a command that only starts.
func measureCheck(_ setting: Setting) throws {
    let directory = setting.root + "/check"
    print("check: locks in \(directory); median of 9 runs, page cache warm")
    let start = median(try (0..<9).map { _ in try Measured.running([[setting.knapsack, "--help"]]) })
    let scale = setting.isSmall ? 100 : 1
    let cases = [
        LockData(name: "10,000 files", entries: 20, files: 500 / scale, tensors: 0, isShared: false),
        LockData(
            name: "10,000 files, half equal", entries: 20, files: 500 / scale, tensors: 0, isShared: true),
        LockData(
            name: "1,000 entries of 10 files", entries: 1000 / scale, files: 10, tensors: 0, isShared: false),
        LockData(name: "100,000 tensors", entries: 20, files: 10, tensors: 500 / scale, isShared: false),
    ]
    for data in cases {
        let manifest = directory + "/\(data.name.filter { $0.isLetter || $0.isNumber }).toml"
        let size = try data.write(manifest)
        let runs = try (0..<9).map { _ in try setting.command(in: directory, ["check", manifest]) }
        report("check, \(data.name)", median(runs), "knapsack --help", start)
        print("    lock of \(text(Double(size) / 1e6)) MB")
    }
}

/// A manifest and the lock that `knapsack lock` would have written for it, with invented content.
private struct LockData {
    let name: String
    let entries: Int
    /// Files of each entry.
    let files: Int
    /// Tensors of each file.
    let tensors: Int
    /// Whether every second entry has the content of the one before it.
    let isShared: Bool

    private static let tensorSize = 8192

    /// Writes both files.
    /// - Returns: the size of the lock in bytes.
    func write(_ manifest: String) throws -> Int {
        try Directory.make(Path.parent(manifest))
        let bundle =
            #""bundle":{"dedup":"tensor","license":"other","name":"bench-check","title":"Bench check"}"#
        var lock = "{\n\"version\":1,\n\"generator\":\"knapsack\",\n\"facts\":2,\n\(bundle),\n\"entries\":["
        var text =
            "schema = 1\n\n[bundle]\nname = \"bench-check\"\ntitle = \"Bench check\"\nlicense = \"other\"\n"
        for entry in 0..<entries {
            let name = "model-\(digits(entry, 4))"
            let repository = "bench/\(name)"
            text += "\n[[model]]\nname = \"\(name)\"\nsource = \"hf:\(repository)@main\"\n"
            let hub =
                #"{"commit":"\#(try hex("commit \(entry)").prefix(40))","ref":"main","repo_id":"\#(repository)","repo_type":"model"}"#
            lock += entry == 0 ? "\n{\n" : ",\n{\n"
            lock += #""name":"\#(name)","# + "\n\"kind\":\"model\",\n"
            lock += #""asked":{"source":"hf:\#(repository)@main"},"# + "\n"
            lock +=
                #""resolved":{"hub":\#(hub),"license":{"from":"model-card","id":"apache-2.0"}},"#
                + "\n\"files\":["
            let content = isShared ? entry / 2 * 2 : entry
            for file in 0..<files {
                let path = fileName(file)
                let sha256 = try hex("file \(content) \(file)")
                let home = content == entry ? "" : #""at":"models/model-\#(digits(content, 4))/\#(path)","#
                lock += file == 0 ? "\n" : ",\n"
                lock +=
                    #"{\#(home)"path":"\#(path)","proof":"blob-sha256","sha256":"\#(sha256)","size":\#(tensors * Self.tensorSize + 1000)}"#
            }
            lock += "\n]"
            if tensors > 0 { lock += ",\n\"tensors\":[\n\(try tensorLines(entry))\n]" }
            lock += "\n}"
        }
        lock += "\n]\n}\n"
        try AtomicFile.write(Array(text.utf8), to: manifest)
        try AtomicFile.write(Array(lock.utf8), to: manifest.dropLast(5) + ".lock")
        return lock.utf8.count
    }

    private func tensorLines(_ entry: Int) throws -> String {
        try (0..<files).flatMap { file in
            try (0..<tensors).map { tensor in
                let sha256 = try hex("tensor \(entry) \(file) \(tensor)")
                let name = "model.layers.\(tensor).self_attn.q_proj.weight"
                return
                    #"{"dtype":"BF16","file":"\#(fileName(file))","length":\#(Self.tensorSize),"name":"\#(name)","offset":\#(1000 + tensor * Self.tensorSize),"sha256":"\#(sha256)","shape":[64,64]}"#
            }
        }.joined(separator: ",\n")
    }

    private func fileName(_ number: Int) -> String {
        tensors > 0 ? "model-\(digits(number, 5)).safetensors" : "data-\(digits(number, 5)).bin"
    }

    private func hex(_ text: String) throws -> String { try ContentHasher.sha256(Array(text.utf8).span).hex }

    private func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
