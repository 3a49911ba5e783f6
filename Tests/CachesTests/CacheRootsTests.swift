import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct CacheRootsTests {
    private static func hub(_ environment: [String: String]) -> String {
        HubCache.defaultRoot(environment: environment)
    }

    @Test func takesTheVariablesInTheClientsOrder() {
        var environment = [
            "HOME": "/h", "XDG_CACHE_HOME": "/x", "HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/legacy",
            "HF_HUB_CACHE": "/cache",
        ]
        #expect(Self.hub(environment) == "/cache")
        environment["HF_HUB_CACHE"] = nil
        #expect(Self.hub(environment) == "/legacy")
        environment["HUGGINGFACE_HUB_CACHE"] = nil
        #expect(Self.hub(environment) == "/hf/hub")
        environment["HF_HOME"] = nil
        #expect(Self.hub(environment) == "/x/huggingface/hub")
        environment["XDG_CACHE_HOME"] = nil
        #expect(Self.hub(environment) == "/h/.cache/huggingface/hub")
    }

    @Test func takesAnEmptyVariableForASetOne() {
        #expect(Self.hub(["HOME": "/h", "HF_HUB_CACHE": "", "HF_HOME": "/hf"]) == "")
        #expect(Self.hub(["HOME": "/h", "HUGGINGFACE_HUB_CACHE": ""]) == "")
        #expect(Self.hub(["HOME": "/h", "HF_HOME": ""]) == "hub")
        #expect(Self.hub(["HOME": "/h", "XDG_CACHE_HOME": ""]) == "huggingface/hub")
        #expect(KagglehubCache.defaultRoot(environment: ["HOME": "/h", "KAGGLEHUB_CACHE": ""]) == "")
    }

    @Test func expandsHomeAndVariables() {
        let environment = ["HOME": "/h/", "DISK": "/d", "LOOP": "$LOOP"]
        func hub(_ value: String) -> String { Self.hub(environment.merging(["HF_HUB_CACHE": value]) { $1 }) }
        #expect(hub("~") == "/h")
        #expect(hub("~/c") == "/h/c")
        #expect(hub("$DISK/c") == "/d/c")
        #expect(hub("${DISK}x") == "/dx")
        #expect(hub("$DISKx/$NONE/${NONE}/$/${DISK") == "$DISKx/$NONE/${NONE}/$/${DISK")
        #expect(hub("$LOOP") == "$LOOP")
        #expect(hub("c~") == "c~")
        #expect(hub("~no-such-user-here/c") == "~no-such-user-here/c")
        let home = environment.merging(["HF_HOME": "$DISK/hf"]) { $1 }
        #expect(Self.hub(home) == "/d/hf/hub")
        #expect(Self.hub(["HOME": ""]) == "/.cache/huggingface/hub")
        #expect(Self.hub([:]).hasPrefix("/"))
        #expect(Self.hub(["HF_HUB_CACHE": "~root/c", "HOME": "/h"]) == "/root/c")
    }

    @Test func takesTheKaggleVariableAsItStands() {
        #expect(KagglehubCache.defaultRoot(environment: ["HOME": "/h", "KAGGLEHUB_CACHE": "~/$X"]) == "~/$X")
        #expect(
            KagglehubCache.defaultRoot(environment: ["HOME": "/h", "XDG_CACHE_HOME": "/x"])
                == "/h/.cache/kagglehub")
    }
}
