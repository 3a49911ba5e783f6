import Glibc
import Storage

/// The costs of all types against the sum of quantizing to each of them once, and a second budget of a model that was
/// measured.
func measureFit(_ setting: Setting) throws {
    let directory = setting.root + "/quantize"
    let model = try ModelData(directory: directory, layers: setting.layers)
    try model.warm()
    let output = directory + "/ours.gguf"
    print("fit: \(model.size / 1_000_000) MB of F16, \(Parallel.width) threads, one run, page cache warm")
    var sum = 0.0
    // What a model without an importance matrix may get.
    for type in [
        "Q1_0", "TQ1_0", "TQ2_0", "Q2_0", "Q2_K", "IQ3_S", "Q3_K_S", "IQ4_XS", "MXFP4_MOE", "Q4_K_S", "Q4_0",
        "IQ4_NL",
        "Q4_1", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K", "Q8_0",
    ] {
        try Directory.removeFile(output)
        let run = try setting.command(in: directory, ["quantize", model.path, output, type, "--pure"])
        sum += run.seconds
    }
    try Directory.removeFile(output)
    try ValueFiles.remove(directory + "/index")
    func fit(_ bits: String) throws -> Measured {
        try setting.command(
            in: directory,
            ["quantize", model.path, output, "fit", "--bits", bits, "--floor", "none", "--dry-run"])
    }
    let (first, second) = (try fit("4.25"), try fit("3.9"))
    print(
        "costs of all types".padded(34) + "\(text(first.seconds)) s".padded(10)
            + "\(text(first.seconds / sum)) of quantizing to each once (\(text(sum)) s)".padded(54)
            + "peak \(first.peakMemory >> 20) MiB")
    print(
        "a second budget".padded(34) + "\(text(second.seconds)) s".padded(64)
            + "peak \(second.peakMemory >> 20) MiB")
}

/// The index of costs, which the first run should not find.
private enum ValueFiles {
    static func remove(_ directory: String) throws {
        for suffix in ["", "-journal", "-shm", "-wal"] {
            try Directory.removeFile("\(directory)/costs.sqlite\(suffix)")
        }
    }
}
