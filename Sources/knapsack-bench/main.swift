// Benchmarks of whole commands, as ratios against a baseline of the same run.
//
//   swift run -c release knapsack-bench files|sharing|loader [DIRECTORY] [--small]
//
// DIRECTORY holds the data (up to 20 GB) and may be removed afterwards.

let arguments = Array(CommandLine.arguments.dropFirst())
let setting = try Setting(arguments: arguments)
switch arguments.first {
case "files": try measureFiles(setting)
case "sharing": try measureSharing(setting)
case "loader": try measureLoader(setting)
default: print("knapsack-bench files|sharing|loader [DIRECTORY] [--small]")
}
