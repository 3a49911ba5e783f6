import Formats
import Glibc
import Storage

/// Where the data is stored, and the command that is measured.
struct Setting {
    /// The directory for all data; it may be removed afterwards.
    let root: String
    /// Whether to use little data, to try the benchmarks themselves.
    let isSmall: Bool
    /// The layers of a model.
    let layers: Int
    /// How often each command runs; the middle run counts.
    let runs = 3

    /// The executable beside this one.
    let knapsack: String

    /// Reads `[DIRECTORY] [--small] [--layers=N]` behind the benchmark's name.
    /// - Throws: where the executable's own path cannot be found.
    init(arguments: [String]) throws {
        isSmall = arguments.contains("--small")
        let asked = arguments.first { $0.hasPrefix("--layers=") }.flatMap { Int($0.dropFirst(9)) }
        layers = isSmall ? 1 : max(1, asked ?? 16)
        root = arguments.dropFirst().first { !$0.hasPrefix("-") } ?? "/tmp/knapsack-bench"
        knapsack = Path.join(Path.parent(try Directory.realPath("/proc/self/exe")), "knapsack")
    }

    /// Runs Knapsack with a home and an index of its own in `directory`.
    func command(in directory: String, _ words: [String]) throws -> Measured {
        try Measured.running(
            [[knapsack] + words + ["--quiet"]],
            environment: ["KNAPSACK_CACHE_DIR": directory + "/index", "HOME": directory])
    }
}

/// Prints one line: what was measured, its time, its ratio to the baseline's, and its largest memory.
func report(_ name: String, _ subject: Measured, _ baselineName: String, _ baseline: Measured) {
    print(
        name.padded(34) + "\(text(subject.seconds)) s".padded(10)
            + "\(text(subject.seconds / baseline.seconds)) of \(baselineName) (\(text(baseline.seconds)) s)"
            .padded(54) + "peak \(subject.peakMemory >> 20) MiB")
}

/// A number with two or three digits after the point.
func text(_ value: Double, digits: Int = 2) -> String {
    let scale = digits == 3 ? 1000.0 : 100.0
    let scaled = Int((value * scale).rounded())
    let fraction = String(scaled % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(scaled / Int(scale)).\(zeros)\(fraction)"
}

extension String {
    /// The text with blanks up to a width, and at least one.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
