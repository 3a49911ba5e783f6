// Benchmarks of whole commands, as ratios against a baseline of the same run.
//
//   swift run -c release knapsack-bench [DIRECTORY] [--small]
//
// DIRECTORY holds the data (4 GB, and a bundle beside it) and may be removed afterwards.

import Glibc
import Storage

let arguments = CommandLine.arguments.dropFirst()
let isSmall = arguments.contains("--small")
let root = arguments.first { !$0.hasPrefix("-") } ?? "/tmp/knapsack-bench"
let knapsack = Path.join(Path.parent(try Directory.realPath("/proc/self/exe")), "knapsack")
let runs = 3

func text(_ value: Double, digits: Int = 2) -> String {
    let scale = digits == 3 ? 1000.0 : 100.0
    let scaled = Int((value * scale).rounded())
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
}

func report(_ name: String, _ subject: Measured, _ baselineName: String, _ baseline: Measured) {
    print(
        name.padded(26) + "\(text(subject.seconds)) s".padded(10)
            + "\(text(subject.seconds / baseline.seconds)) of \(baselineName) (\(text(baseline.seconds)) s)"
            .padded(54) + "peak \(subject.peakMemory >> 20) MiB")
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

/// Everything but memory of earlier runs: no index, no lock, no bundle.
func forget(_ data: BenchData) throws {
    try Directory.removeFile(data.lock)
    try Directory.removeTree(data.directory + "/index")
    try Directory.removeTree(data.directory + "/bundle")
}

func command(_ data: BenchData, _ words: String...) throws -> Measured {
    try Measured.running(
        [[knapsack] + words + ["--quiet"]],
        environment: [
            "KNAPSACK_CACHE_DIR": data.directory + "/index", "HOME": data.directory,
        ])
}

print("data in \(root); median of \(runs) runs, page cache warm")
let large = try BenchData(directory: root + "/large", count: 8, size: isSmall ? 8 << 20 : 512 << 20)
try large.warm()
var hashing: [Measured] = []
var locking: [Measured] = []
var verifying: [Measured] = []
var copying: [Measured] = []
var packing: [Measured] = []
let halves = [large.files.prefix(4), large.files.suffix(4)].map { ["openssl", "dgst", "-sha256"] + $0 }
for _ in 0..<runs {
    try forget(large)
    hashing.append(try Measured.running(halves))
    locking.append(try command(large, "lock", large.manifest))
    try Directory.removeTree(large.directory + "/copy")
    copying.append(
        try Measured.running([
            ["sh", "-c", "cp -r '\(large.source)' '\(large.directory)/copy' && sync -f '\(large.directory)'"]
        ]))
    try Directory.removeTree(large.directory + "/copy")
    packing.append(
        try command(large, "pack", large.manifest, "--locked", "--output", large.directory + "/bundle"))
    verifying.append(try command(large, "verify", large.directory + "/bundle"))
}
let hash = median(hashing)
let copy = median(copying)
report("lock, no index", median(locking), "2 x openssl dgst", hash)
report("verify", median(verifying), "2 x openssl dgst", hash)
let slower = hash.seconds > copy.seconds ? hash : copy
report("pack", median(packing), hash.seconds > copy.seconds ? "2 x openssl dgst" : "cp -r and sync", slower)
try forget(large)

let many = try BenchData(directory: root + "/many", count: 1000, size: 4096)
try forget(many)
usleep(100_000)
let first = try command(many, "lock", many.manifest)
let second = median(try (0..<9).map { _ in try command(many, "lock", many.manifest) })
report("second lock, 1,000 files", second, "the first lock", first)
try forget(many)

let nothing = median(try (0..<15).map { _ in try Measured.running([["true"]]) })
let help = median(try (0..<15).map { _ in try Measured.running([[knapsack, "--help"]]) })
print(
    "knapsack --help".padded(26)
        + "\(text(help.seconds, digits: 3)) s  (true: \(text(nothing.seconds, digits: 3)) s)")
