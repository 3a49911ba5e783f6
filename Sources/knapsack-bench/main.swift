import Tensors

// Benchmarks of whole commands, as ratios against a baseline of the same run.
//
//   swift run -c release knapsack-bench files|check|sharing|loader|quantize|fit|casts|convert|pickle|fetch|xet|upload|registry|serve|kernels [DIRECTORY] [--small] [--layers=N] [--type=TYPE]... [--imatrix]
//
// DIRECTORY holds the data (up to 20 GB) and may be removed afterwards.

/// What follows the program's name: the benchmark, then its options.
let arguments = Array(CommandLine.arguments.dropFirst())
/// Where the data is, and the command that is measured.
let setting = try Setting(arguments: arguments)
switch arguments.first {
case "files": try measureFiles(setting)
case "check": try measureCheck(setting)
case "sharing": try measureSharing(setting)
case "loader": try measureLoader(setting)
case "quantize":
    let asked = arguments.filter { $0.hasPrefix("--type=") }.map { String($0.dropFirst(7)) }
    let usual = ["Q8_0", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q2_K", "Q3_K_M", "IQ4_XS"]
    try measureQuantize(
        setting, asked.isEmpty ? usual : asked, withImatrix: arguments.contains("--imatrix"))
case "kernels":
    if let once = arguments.first(where: { $0.hasPrefix("--once=") }) {
        try KernelCounts.run(String(once.dropFirst(7)))
        break
    }
    if let rows = try KernelRows(arguments) {
        try rows.run()
        break
    }
    let asked = arguments.filter { $0.hasPrefix("--type=") }.compactMap {
        GGMLType(name: String($0.dropFirst(7)))
    }
    let blocks = arguments.first { $0.hasPrefix("--blocks=") }.flatMap { Int($0.dropFirst(9)) }
    try measureKernels(
        setting, asked.isEmpty ? GGMLType.allCases.filter { $0.format != nil } : asked, blocks: blocks)
case "fit": try measureFit(setting)
case "casts": try measureCasts(setting)
case "convert":
    let asked = arguments.filter { $0.hasPrefix("--type=") }.map { String($0.dropFirst(7)) }
    try measureConvert(setting, asked.isEmpty ? ["f16", "bf16", "f32", "q8_0", "Q4_K_M"] : asked)
case "pickle": try measurePickles(setting)
case "fetch": try measureFetch(setting)
case "xet": try measureXet(setting)
case "upload": try measureUpload(setting)
case "registry": try measureRegistry(setting)
case "serve": try measureServe(setting)
default:
    print(
        "knapsack-bench files|check|sharing|loader|quantize|fit|casts|convert|pickle|fetch|xet|upload|registry|serve|kernels [DIRECTORY] [--small]"
    )
}
