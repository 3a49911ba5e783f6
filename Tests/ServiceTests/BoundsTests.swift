import Caches
import Formats
import Manifests
import Storage
import TestSupport
import Testing

@testable import Service

/// Answers at once.
private struct Answering: UpstreamFetcher {
    func answer(_ question: UpstreamQuestion) async -> Result<UpstreamAnswer, Diagnostics> {
        .success(.version(1))
    }
    func stop() {}
}

struct BoundsTests {
    @Test func placesAreGivenBack() {
        let places = ThreadPlaces(limit: 2)
        var first = places.take()
        let second = places.take()
        #expect(first != nil && second != nil && places.take() == nil && places.current == 2)
        first = nil
        #expect(places.take() != nil)
        withExtendedLifetime(second) {}
        #expect(ThreadPlaces(limit: 0).take() == nil)
    }

    @Test func oneQuestionMoreThanAreRememberedIsAnsweredToo() async throws {
        let desk = UpstreamDesk(Answering(), name: "test", mostWaiting: 4, room: 8)
        for number in 0...20 {
            let handle = try #require(KaggleHandle(.dataset, folders: ["anna", "d\(number)"]))
            // Without waiting in this thread, which who answers may need.
            var answer = desk.answer(.version(handle), seconds: 0)
            while answer == nil {
                try await Task.sleep(for: .milliseconds(1))
                answer = desk.answer(.version(handle), seconds: 0)
            }
            guard case .success(.version(1))? = answer else {
                Issue.record("question \(number) is refused")
                return
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func notAllThreadsWaitForAVersion() async throws {
        try await withTemporaryDirectory { directory in
            let store = try KaggleStore(directory: directory, mostWaiting: 1)
            let isAlone = try store.alone { () throws(KaggleUploadProblem) -> Bool in
                // Where nobody may wait, another one is refused at once.
                #expect(throws: KaggleUploadProblem.self) { try store.alone { true } }
                return true
            }
            #expect(try isAlone && store.alone { true })
        }
    }

    @Test func rightsOfTokens() throws {
        let digest = try #require(AccessToken.digest(of: AccessToken.generate()))
        func token(_ scope: AccessToken.Scope) -> AccessToken? {
            AccessToken(name: "anna", scope: scope, digest: digest)
        }
        let nobody: AccessToken? = nil
        #expect(nobody.mayAll && nobody.owns("bert") && nobody.mayWrite("bert"))
        #expect(token(.read).owns("anna") && !token(.read).mayWrite("anna") && !token(.read).mayAll)
        #expect(
            token(.write).mayWrite("anna") && !token(.write).mayWrite("bert") && !token(.write).owns("bert"))
        #expect(token(.admin).mayWrite("bert") && token(.admin).owns("bert") && token(.admin).mayAll)
        // Jobs that nobody owns are not those of whoever has no token.
        let anonymous: AccessToken? = AccessToken.anonymous
        #expect(!anonymous.owns("") && !anonymous.mayWrite(""))
    }

    @Test(arguments: [
        ("2026-02-28", true), ("2026-02-29", false), ("2024-02-29", true), ("1900-02-29", false),
        ("2000-02-29", true), ("2026-02-31", false), ("2026-04-31", false), ("2026-12-31", true),
        ("2026-00-10", false), ("2026-13-10", false), ("2026-01-00", false),
    ])
    func daysAreThoseOfTheCalendar(_ day: String, _ isDay: Bool) {
        let time = try? AnalyticsInterface.time(day, "start")
        #expect((time != nil) == isDay)
    }
}
