import Storage
import Testing

@Suite struct ChildProcessTests {
    private static let environment = ["PATH": "/usr/bin:/bin"]

    private static func run(_ script: String, _ input: String = "", limit: Int = 1 << 16) throws
        -> ChildProcess.Answer
    {
        try ChildProcess.run(
            ["sh", "-c", script], input: Array(input.utf8), environment: environment, limit: limit)
    }

    @Test func answers() throws {
        let answer = try Self.run("cat; echo there", "over ")
        #expect(String(decoding: answer.output, as: UTF8.self) == "over there\n")
        #expect(answer.status == 0)
    }

    @Test func tellsStatus() throws {
        #expect(try Self.run("exit 3").status == 3)
        #expect(try Self.run("kill -9 $$").status == -1)
    }

    @Test func hasItsVariables() throws {
        let answer = try ChildProcess.run(
            ["env"], input: [], environment: ["PATH": "/usr/bin:/bin", "A": "1"], limit: 1 << 10)
        let lines = String(decoding: answer.output, as: UTF8.self).split(separator: "\n").sorted()
        #expect(lines == ["A=1", "PATH=/usr/bin:/bin"])
    }

    @Test func refuses() {
        #expect(throws: FileError.self) {
            try ChildProcess.run(
                ["no-such-program-here"], input: [], environment: Self.environment, limit: 10)
        }
        #expect(throws: FileError.self) { try Self.run("yes", limit: 1 << 12) }
    }
}
