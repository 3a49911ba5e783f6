import Glibc
import KnapsackCommands

SignalHandler.install()
exit(await Knapsack.run(Array(CommandLine.arguments.dropFirst())))
