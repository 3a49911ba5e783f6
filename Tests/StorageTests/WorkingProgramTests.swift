import Storage
import Testing

@Suite struct WorkingProgramTests {
    private static func run(_ script: String, limit: Int = 1 << 16) throws -> WorkingProgram.Answer {
        try WorkingProgram.run(
            ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], limit: limit)
    }

    @Test func keepsOutputAndMessagesApart() throws {
        let answer = try Self.run("echo out; echo word >&2; exit 3")
        #expect(String(decoding: answer.output, as: UTF8.self) == "out\n")
        #expect(String(decoding: answer.messages, as: UTF8.self) == "word\n")
        #expect(answer.status == 3)
    }

    @Test func keepsTheEndOfManyMessages() throws {
        let answer = try Self.run("head -c 1000000 /dev/zero >&2; echo end >&2")
        #expect(answer.messages.count <= 1 << 18)
        #expect(answer.messages.suffix(4) == Array("end\n".utf8)[...])
    }

    @Test func tellsOfSignals() throws { #expect(try Self.run("kill -9 $$").status == -1) }

    @Test func endsWhatWritesTooMuchAndItsChildren() {
        #expect(throws: FileError.self) { try Self.run("yes & yes; wait", limit: 1 << 12) }
    }

    @Test func hasNoInputAndEndsAtABrokenPipe() throws {
        #expect(try Self.run("cat; yes | head -n 1; trap - PIPE").status == 0)
    }

    @Test func refusesWhatIsNoProgram() {
        #expect(throws: FileError.self) {
            try WorkingProgram.run(["/no/such/program"], environment: [:], limit: 10)
        }
    }
}
