/// How pages look: light and dark as the reader's system is, on screens from phones up, and on paper.
///
/// Text has a contrast of at least 4.5 against what is behind it in both themes (WCAG 2.2, 1.4.3).
enum PageStyle {
    /// The style sheet.
    static let text: Markup = """
        :root{color-scheme:light dark;--page:#fbfaf8;--card:#fff;--ink:#1d1f24;--soft:#5a5f6a;--line:#dedcd6;\
        --track:#e9e7e2;--accent:#1f5fbf;--own:#1f5fbf;--file:#c77a12;--tensor:#0c8a72;--base:#8a5cc4;\
        --bad:#b3261e;--badbg:#fbe9e7;--warn:#7a5200;--warnbg:#fdf1d8;--good:#17693a;--goodbg:#e3f3e8;\
        --la:.87;--lb:.82;--lf:.93;--ll:.9;--chroma:.062}
        @media (prefers-color-scheme:dark){:root{--page:#14161a;--card:#1c1f25;--ink:#e9eaee;--soft:#a6acb8;\
        --line:#343842;--track:#2c3038;--accent:#8ab8ff;--own:#6ea3f2;--file:#e0a04a;--tensor:#4fc4a8;--base:#b793e6;\
        --bad:#ffb4ab;--badbg:#4a1d1a;--warn:#f5cd7d;--warnbg:#43330f;--good:#8fdcab;--goodbg:#153822;\
        --la:.38;--lb:.43;--lf:.28;--ll:.32;--chroma:.075}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
        "Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
        header,main,footer{max-width:1240px;margin:0 auto;padding:0 clamp(1rem,3vw,2.5rem)}
        header{padding-top:clamp(1.5rem,4vw,3rem)}
        h1{font-size:clamp(1.5rem,1.1rem + 1.8vw,2.3rem);line-height:1.15;margin:0;letter-spacing:-.015em;font-weight:680}
        h2{font-size:1.3rem;margin:0 0 .25rem;letter-spacing:-.01em;line-height:1.25}
        h3{font-size:1.02rem;margin:1.6rem 0 .4rem;line-height:1.3}
        p{margin:.35rem 0 .8rem;max-width:74ch}
        .sub,.note{color:var(--soft);font-weight:400}
        .sub{margin:.4rem 0 0;font-size:1.02rem}
        .note{font-size:.9rem}
        a{color:var(--accent);text-underline-offset:.15em}
        code,.mono{font:.86em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        section{margin:clamp(2rem,4vw,3.2rem) 0 0;padding-top:1.2rem;border-top:1px solid var(--line)}
        nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;margin:1.4rem 0 0;padding:0;font-size:.94rem}
        nav a{text-decoration:none;display:inline-block;padding:.15rem 0}
        nav a:hover{text-decoration:underline}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.7rem;margin:1.5rem 0 0;padding:0}
        .tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem .75rem}
        .tiles dt{color:var(--soft);font-size:.84rem;line-height:1.3}
        .tiles dd{margin:.15rem 0 0;font-size:1.45rem;line-height:1.2;font-weight:620;letter-spacing:-.01em;\
        font-variant-numeric:tabular-nums}
        .tiles small{display:block;font-size:.8rem;font-weight:400;color:var(--soft);letter-spacing:0;margin-top:.15rem}
        .treemap{display:block;width:100%;height:auto;margin:1rem 0 .6rem;border-radius:6px}
        .narrow{display:none}
        .treemap text{font-size:12px;fill:var(--ink);pointer-events:none}
        .treemap .n{font-weight:650}
        .treemap .s{fill-opacity:.82}
        .treemap rect{stroke:var(--page);stroke-width:.8}
        .treemap .a{fill:oklch(var(--la) var(--chroma) var(--h))}
        .treemap .b{fill:oklch(var(--lb) var(--chroma) var(--h))}
        .treemap .f{fill:oklch(var(--lf) calc(var(--chroma)*.55) var(--h))}
        .treemap .l{fill:oklch(var(--ll) calc(var(--chroma)*.8) var(--h));stroke-width:1.2}
        .treemap .o{fill:oklch(var(--la) .008 var(--h))}
        .e0{--h:255}.e1{--h:75}.e2{--h:165}.e3{--h:305}.e4{--h:25}.e5{--h:205}.e6{--h:115}.e7{--h:345}
        .scroll{overflow-x:auto;margin:.6rem 0 1rem;border:1px solid var(--line);border-radius:10px;background:var(--card)}
        .scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--soft);font-size:.84rem;padding:.6rem .8rem .1rem}
        th,td{padding:.45rem .8rem;text-align:left;vertical-align:top;border-top:1px solid var(--line);\
        overflow-wrap:break-word}
        thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.84rem;vertical-align:bottom}
        tbody th{font-weight:550;min-width:9rem;max-width:26rem;overflow-wrap:anywhere}
        td{min-width:4.5rem}
        td:last-child{max-width:34rem}
        .num{text-align:right;white-space:nowrap}
        .bar{display:block;width:100%;min-width:8rem;height:10px;border-radius:3px;margin:.42rem 0}
        .bar .track{fill:var(--track)}.own{fill:var(--own)}.file{fill:var(--file)}.tensor{fill:var(--tensor)}\
        .base{fill:var(--base)}.over{fill:var(--bad)}
        .key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:.5rem 0 .3rem;font-size:.9rem}
        .key svg{width:.8em;height:.8em;border-radius:2px;margin-right:.4em;vertical-align:-.03em}
        .chip{display:inline-block;padding:.04rem .5rem;border-radius:99px;font-size:.84rem;white-space:nowrap;\
        border:1px solid transparent}
        .bad{background:var(--badbg);color:var(--bad)}.warn{background:var(--warnbg);color:var(--warn)}\
        .good{background:var(--goodbg);color:var(--good)}.plain{background:var(--track);color:var(--ink)}
        .finding{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem;margin:.55rem 0;\
        list-style:none}
        .findings{padding:0;margin:.6rem 0}
        .finding p{margin:.3rem 0 0}
        .finding ul{margin:.3rem 0 0;padding-left:1.1rem;color:var(--soft);font-size:.92rem}
        details{margin:.5rem 0}
        summary{cursor:pointer;color:var(--accent);padding:.2rem 0;width:fit-content}
        .chart{margin:.7rem 0 .4rem;display:grid;grid-template-columns:auto 1fr;gap:0 .6rem}
        .chart svg{width:100%;height:150px;grid-column:2}
        .chart rect{fill:var(--own)}
        .chart .grid{stroke:var(--line);stroke-width:1;fill:none;vector-effect:non-scaling-stroke}
        .front{margin:.7rem 0 .4rem;max-width:44rem}
        .front svg{width:100%;height:auto;display:block}
        .front text{font-size:12px;fill:var(--ink)}
        .front .grid{stroke:var(--line);fill:none}
        .front polyline{stroke:var(--own);stroke-width:2;fill:none}
        .front .m{fill:var(--file)}.front .c{fill:var(--own);stroke:var(--page);stroke-width:2}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:0 2.5rem}
        .pair>div{min-width:0}
        .nw{white-space:nowrap}
        h4{font-size:.94rem;margin:1rem 0 .3rem;font-weight:600}
        .axis{display:flex;flex-direction:column;justify-content:space-between;text-align:right;font-size:.8rem;\
        color:var(--soft);white-space:nowrap;line-height:1}
        figcaption{grid-column:2;display:flex;justify-content:space-between;gap:1rem;font-size:.8rem;color:var(--soft);\
        margin-top:.3rem}
        figcaption span:last-child{text-align:right}
        dl.facts{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1.2rem;margin:.6rem 0;\
        font-size:.94rem}
        dl.facts dt{color:var(--soft)}dl.facts dd{margin:0}
        footer{margin-top:3rem;padding-top:1rem;padding-bottom:2.5rem;color:var(--soft);font-size:.86rem}
        @media (max-width:700px){.wide{display:none}.narrow{display:block}dl.facts{grid-template-columns:1fr;gap:0}\
        dl.facts dd{margin-bottom:.5rem}th,td{padding:.42rem .6rem}.bar{min-width:5.5rem}.chart svg{height:120px}}
        @media print{:root{color-scheme:light;--page:#fff;--card:#fff}body{font-size:10.5pt}\
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}nav{display:none}.wide{display:block}\
        .narrow{display:none}.scroll{overflow:visible;border-color:#ccc}section{break-inside:auto;margin-top:1.4rem}\
        h2,h3,h4,h3+.note,h4+.note,.chart+details summary{break-after:avoid}.tiles{grid-template-columns:repeat(auto-fit,minmax(6.4rem,1fr))}\
        caption,thead tr{break-after:avoid}tbody tr:nth-child(-n+2){break-before:avoid}tr,.finding,.pair,.chart,.front,.treemap{break-inside:avoid}a{color:inherit}thead{display:table-header-group}\
        table{font-size:8.5pt}.pair{grid-template-columns:1fr 1fr;gap:0 1.5rem}.chart svg{height:90px}th,td{padding:.22rem .25rem;overflow-wrap:break-word}\
        thead th,caption,.note,.chip{font-size:7.5pt}.chip{padding:0 .15rem;white-space:normal}tbody th{min-width:6.5rem}td{min-width:0}\
        .bar{min-width:4rem}details:not([open]).paper::details-content{content-visibility:visible;block-size:auto}}

        """
}
