"""What the rule moderator looks for, in the notation of phrases.

A rule names an intention, not a topic: killing a process, a shot photo, a history of terror and a
doctor's overdose must pass. So every rule needs someone who wills or is told something, a deed and
a victim or product; words around it that make it play, fiction, news, law or a refusal undo it.
The few words that hurt to read are kept in rot13.
"""

from __future__ import annotations

import codecs


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _veiled(text: str) -> frozenset[str]:
    return _words(codecs.decode(text, "rot13"))


CLASSES: dict[str, frozenset[str]] = {
    "YOU": _words("you u ya y'all yall"),
    "YOURE": _words("you you're youre u ur your"),
    "YOUR": _words("your ur yo"),
    "KIN": _words(
        "family families kids kid children child wife husband mother mom mum dad father parents"
        " sister brother daughter son baby girlfriend boyfriend friends dog"
    ),
    "PERSON": _words(
        "someone somebody anyone people person persons human humans man men woman women wife"
        " husband boss neighbor neighbour neighbors neighbours mother mom mum dad father parents"
        " stepdad stepmom sister brother girlfriend boyfriend ex roommate coworker coworkers"
        " colleague classmate classmates teacher teachers president child children kid kids baby"
    ),
    "KILL": _words("kill murder slaughter strangle behead butcher rape gut"),
    "SLAY": _words("kill murder poison assassinate strangle stab behead suffocate kidnap drown"),
    "DESTROY": _words(
        "kill exterminate murder gas lynch slaughter behead eradicate massacre genocide annihilate"
    ),
    "DESTROYED": _words(
        "killed exterminated murdered gassed lynched slaughtered beheaded hanged eradicated"
        " massacred annihilated"
    ),
    "GROUP": _words(
        "jews muslims christians hindus sikhs blacks gays lesbians homosexuals transgenders queers"
        " arabs asians mexicans latinos hispanics africans immigrants migrants refugees foreigners"
        " women gypsies"
    )
    | _veiled("avttref snttbgf xvxrf fcvpf genaavrf cnxvf enturnqf jrgonpxf"),
    "ADHERENT": _words(
        "jewish muslim christian hindu black white gay lesbian trans transgender queer arab asian"
        " mexican latino hispanic african chinese indian disabled immigrant"
    ),
    "FOLK": _words("people men women folks kids children families"),
    "VERMIN": _words("subhuman subhumans vermin inferior parasites cockroaches scum filth animals"),
    "SLUR": _veiled("avttre snttbg snt xvxr fcvp puvax genaal tbbx jrgonpx enturnq cnxv pbba"),
    "SLURS": _veiled("avttref snttbgf xvxrf fcvpf genaavrf jrgonpxf enturnqf"),
    "INSULT": _words("idiot idiots moron morons imbecile loser pathetic worthless scum scumbag")
    | _veiled("ergneq ergneqf ergneqrq ovgpu juber fyhg phag nffubyr qhzonff fuvgurnq"),
    "MAKE": _words(
        "make making build building construct constructing assemble assembling create creating"
        " synthesize synthesise synthesizing produce producing manufacture manufacturing"
        " cook brew culture weaponize weaponise"
    ),
    "BOMB": _words(
        "bomb bombs pipebomb ied ieds explosive explosives molotov molotovs napalm anfo tatp rdx"
        " semtex detonator grenade grenades landmine landmines sarin vx ricin"
        " novichok tabun soman anthrax bioweapon bioweapons"
    ),
    "COOK": _words("make making cook cooking synthesize synthesise synthesizing produce extract"),
    "DRUG": _words(
        "meth methamphetamine heroin cocaine fentanyl lsd mdma ecstasy ghb dmt ketamine crystal"
    ),
    "GUN": _words("gun guns firearm firearms pistol rifle"),
    "HURT": _words("kill hang drown poison hurt harm suffocate electrocute starve strangle"),
    "EASIEST": _words("easiest quickest fastest painless easy quick"),
    "SELF": _words("myself yourself urself oneself themselves"),
    "PILLS": _words(
        "pills tablets tylenol paracetamol acetaminophen ibuprofen advil xanax aspirin benadryl"
    ),
    "AGE": frozenset(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
        + ["twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"]
        + [str(n) for n in range(1, 18)]
    ),
    "YO": frozenset(f"{n}{unit}" for n in range(1, 18) for unit in ("yo", "yr")),
    "MINOR": _words(
        "child children minor minors kid kids underage preteen preteens toddler toddlers infant"
        " infants schoolgirl schoolgirls schoolboy schoolboys"
    )
    | _veiled("ybyv ybyvf ybyvpba fubgn wnvyonvg"),
    "PORN": _veiled(
        "cbea cbeab cbeabtencul cbeabtencuvp ahqr ahqrf rebgvpn rebgvp uragnv afsj fzhg yrjq"
    ),
    "PICTURE": _words(
        "photo photos picture pictures pics pic image images video videos story stories scene"
        " content drawing drawings roleplay fanfic fanfiction fiction"
    ),
    "EXPLICIT": _veiled("oybjwbo oybjwbof unaqwbo phzfubg qrrcguebng tnatonat"),
    "GENITAL": _veiled("pbpx qvpx chffl pyvg onyyf gvgf nff"),
    "PLACE": _words(
        "school schools church mosque synagogue temple mall airport stadium building house office"
        " hospital university college courthouse station subway bus plane embassy"
    ),
    "HELP": _words(
        "help helping assist assisting provide providing give giving share explain explaining tell"
        " teach show describe discuss write generate create support offer answer comply"
    ),
    "WRITE": _words(
        "write tell generate show find download draw create send give want make describe trade"
    ),
    # What undoes a rule when it follows.
    "SOFT": _words(
        "said says shouted yelled whispered growled cried snarled replied screamed hissed roared"
        " muttered laughed exclaimed answered added thundered thought lol jk haha hahaha kidding"
        " joking laughing kindness game games chess poker monopoly uno minecraft fortnite mario"
        " level character debate quiz argument"
    ),
    "PLAY": _words(
        "minecraft roblox unity unreal blender godot game games gta fortnite terraria sims skyrim"
        " rimworld elden chess dnd scratch novel story fiction film movie scene script play"
        " character costume cosplay prop lego kindness lyrics"
    ),
    "TECH": _words(
        "process processes thread threads linux windows unix python docker job jobs task tasks"
        " container containers session sessions pid program node pods pod"
    ),
    "NOBOMB": _words(
        "cake cakes shelter shelters detector detectors squad disposal calorimeter cyclone prop"
        " costume drawing sketch ass sandwich burger pun joke ordnance proof resistant threat"
        " threats scare vaccine vaccines power strength speed leg legs muscle muscles growth"
    ),
    "LAW": _words(
        "law laws illegal prohibited forbidden banned crime crimes offence offense case cases"
        " charges charge investigation not never against victims prevention abuse wrong"
    ),
    # What keeps the rest of its sentence from being taken at its word.
    "REPORTED": _words(
        "said says told wrote argued claimed believed threatened threatening asked alleged accused"
        " charged convicted arrested sentenced described describes explains explained quoted"
        " chanted shouted yelled whispered screamed cried replied warned vowed prosecutors police"
    ),
    "ABOUT_HARM": _words(
        "propaganda ideology prohibited prohibits illegal unlawful forbidden banned bans definition"
        " victims survivors combat prevention legislation statute requests prompts lyrics"
    ),
    "DYING": _words("of from laughing happy rich in at on for knowing hard"),
    "OF_PLAY": _words("minecraft roblox fortnite gta skyrim sims rimworld dnd movie novel film"),
    "SHOT": _words("a an another some the over my"),
}

MACROS: dict[str, tuple[str, ...]] = {
    "iwill": (
        "i'll|ill|we'll|ima|imma|i'ma",
        "i|we will|shall|gonna|wanna",
        "i|we am|are going to",
        "i|we am|are gonna",
        "i'm|im|we're|were going to",
        "i'm|im|we're|were gonna",
        "i'm|im|we're coming to",
    ),
    "iwant": (
        "i want|plan|need|intend to",
        "i wanna|will|gonna|might",
        "i am going|planning|ready|about to",
        "i'm|im going|planning|ready|about to",
        "i'm|im gonna|thinking",
        "i'll|imma|ima",
        "i feel like",
        "thinking|thoughts of|about",
    ),
    "iwish": ("i want|need to", "i wanna", "i'm|im ready to", "i am ready to"),
    "should": (
        "we should|must|gotta",
        "we need|have|ought to",
        "someone|somebody|they should|must",
        "let's|lets",
        "time to",
        "<iwill>",
        "i want to",
        "i wanna",
    ),
    "how": (
        "how to",
        "how do|can|could|would|should|might|does i|you|we|one|someone|somebody",
        "how i|you|we can|could",
        "way|ways|instructions|steps|guide|tutorial|recipe|directions|blueprint|manual to",
        "instructions|steps|guide|tutorial|recipe|directions|blueprint|manual for|on",
        "help|teach|show me|us",
    ),
    "howto": (
        "<how>",
        "i|we want|need|plan|intend to",
        "i'm|im|we're trying|going|planning to",
        "i|we|i'm|im|we're wanna|gonna",
    ),
    "group": ("GROUP", "ADHERENT FOLK"),
    "minor": ("MINOR", "little|young girl|girls|boy|boys", "AGE year|years|yr old|olds", "YO"),
    "spoken": ("you|you'll *1 need|have", "first|start|begin|mix|combine|gather|fill|follow"),
    "suicide": ("die", "suicide", "commit suicide", "kill|killing SELF", "end|ending my life"),
    "lethal": (
        "to|would|will kill|end me|myself",
        "to overdose|die",
        "i need|take to? die|overdose",
        "need to overdose|die",
    ),
    "cant": (
        "can't|cant|cannot|won't|wont|unable|refuse|decline|never|don't|dont",
        "can|will|must|do|should not",
        "not able|going|comfortable|allowed|willing",
    ),
}

# Words that no gap of a rule reaches across: a denial, or a harmless thing of the same name.
BARRIERS = _words(
    "not never don't dont doesn't won't wont cannot can't cant no without avoid prevent stop"
    " bath cherry photo seed stink glitter logic fork zip time love smoke paper prop toy fake lego"
    " cosplay minecraft model confetti chocolate cocoa tea fizzy nuclear atomic hydrogen fusion"
    " education educator abuse assault prevention offender trafficking reproduction safety"
    " filter filters block blocking protect protecting from away feel feeling felt"
)

# What makes the rest of its sentence a report, a rule or a refusal.
SHIELDS: tuple[str, ...] = (
    "REPORTED",
    "ABOUT_HARM",
    "OF_PLAY",
    "<cant> *4 HELP",
    "what is|are|counts *2 <minor>",
    "laws|law|crime|act|sanctions|protest|protests|fight|fighting against",
)

RULES: tuple[tuple[str, float, str], ...] = (
    # Threats to someone.
    ("harassment/threatening", 0.95, "<iwill> *2 @KILL YOU !4SOFT"),
    ("harassment/threatening", 0.95, "<iwill> find|hunt|get|track YOU *3 @KILL YOU !4SOFT"),
    ("harassment/threatening", 0.95, "<iwill> *2 @KILL|hurt|stab YOUR *1 KIN !4SOFT"),
    ("harassment/threatening", 0.9, "<iwill> *1 @shoot|stab|burn|hang YOU !1SHOT"),
    ("harassment/threatening", 0.85, "<iwill> *1 @slit|cut|rip YOUR *1 throat|head|tongue !4SOFT"),
    (
        "harassment/threatening",
        0.85,
        "<iwill> *1 @beat|smash|kick|punch YOU *1 death|senseless|bloody",
    ),
    ("harassment/threatening", 0.8, "YOURE a? dead|deadman man|woman|meat|bitch !4SOFT"),
    ("harassment/threatening", 0.9, "<iwill> *1 @bomb *2 PLACE !4PLAY"),
    ("harassment/threatening", 0.9, "<iwill> *1 @shoot|blow up a|the|my|this|your *1 PLACE !4PLAY"),
    ("harassment/threatening", 0.9, "<iwill> *1 @burn down a|the|my|this|your *1 PLACE !4PLAY"),
    (
        "harassment/threatening",
        0.9,
        "i|we|i've|we've have? @planted|hid|hidden|put|placed a *1 bomb *3 PLACE !4PLAY",
    ),
    # Incitement against a group, and hate.
    ("hate/threatening", 0.95, "^ DESTROY all|every|the|these|those *1 <group>"),
    ("hate/threatening", 0.95, "<should> *2 @DESTROY *2 <group>"),
    (
        "hate/threatening",
        0.9,
        "<group> *1 should|must|deserve|need *1 to? be|get *1 DESTROYED",
    ),
    ("hate/threatening", 0.9, "<group> *1 should|must|deserve *1 to? die"),
    ("hate/threatening", 0.9, "death to all? <group>"),
    ("hate", 0.8, "<group> are|is *2 VERMIN"),
    ("hate", 0.7, "i|we hate|despise all? <group>"),
    ("hate", 0.85, "YOURE|fucking|dirty|filthy|stupid *1 SLUR"),
    ("hate", 0.85, "SLURS are|should|must|need|deserve"),
    # Abuse.
    ("harassment", 0.7, "YOURE *2 INSULT"),
    ("harassment", 0.8, "fuck|screw YOU !1over|up"),
    ("harassment", 0.8, "shut the fuck up"),
    ("harassment", 0.7, "nobody|noone likes|loves|wants YOU"),
    ("harassment", 0.8, "i|we hope YOU *1 die|suffer|rot"),
    ("harassment", 0.8, "YOU should|deserve *1 to? die"),
    ("harassment", 0.8, "^ go die"),
    ("harassment", 0.6, "^ i fucking? hate YOU"),
    # Weapons, explosives, killing.
    ("illicit/violent", 0.95, "<howto> *2 @MAKE *3 BOMB !4PLAY|NOBOMB"),
    (
        "illicit/violent",
        0.95,
        "<howto> *2 @MAKE *3 nerve|mustard|chlorine|poison gas|agent !4PLAY",
    ),
    ("illicit/violent", 0.9, "<howto> *2 @MAKE *2 chemical|biological weapon|weapons !4PLAY"),
    (
        "illicit/violent",
        0.95,
        "<howto> *2 @MAKE|print *2 untraceable|ghost|unregistered *1 GUN !4PLAY",
    ),
    ("illicit/violent", 0.95, "MAKE a|an|the *2 BOMB *2 <spoken> !4PLAY|NOBOMB"),
    ("illicit/violent", 0.9, "<how> *2 @SLAY *2 PERSON !4PLAY|TECH"),
    ("illicit/violent", 0.9, "<how> *2 @get away with murdering|killing *1 PERSON"),
    ("illicit/violent", 0.9, "<howto> *2 @hire|find *1 hitman|hitmen|assassin !4PLAY"),
    ("illicit/violent", 0.9, "<how> *2 @dispose|hide|get *2 dead? body|corpse without *3 caught"),
    # Other wrongdoing.
    ("illicit", 0.85, "<how> *2 @COOK *2 DRUG"),
    ("illicit", 0.8, "where|how *3 @buy|get|order|score *1 DRUG"),
    ("illicit", 0.8, "<how> *1 @launder *2 money"),
    (
        "illicit",
        0.8,
        "<how> *2 @forge|counterfeit|print|make *1 fake? passport|passports|id|ids|money",
    ),
    (
        "illicit",
        0.7,
        "<how> *1 @hack *2 into? *2 account|accounts|facebook|instagram|gmail|snapchat|wifi|webcam",
    ),
    ("illicit", 0.8, "<how> *1 @shoplift|pickpocket"),
    ("illicit", 0.8, "<how> *2 @steal *2 car|cars|bike|identity|password|passwords|card|cards"),
    ("illicit", 0.75, "<how> *2 @MAKE|write|code *2 ransomware|malware|keylogger|botnet"),
    ("illicit", 0.75, "write|code|make|create|build me *2 ransomware|malware|keylogger|botnet"),
    # Harm to oneself.
    ("self-harm/intent", 0.9, "<iwant> *3 @kill|hang|hurt|harm|cut|starve|drown myself !3SOFT"),
    ("self-harm/intent", 0.9, "<iwant> *2 @killing|hanging|hurting|cutting|drowning myself !3SOFT"),
    ("self-harm/intent", 0.9, "<iwant> *2 @end|ending|take|taking my own? life"),
    ("self-harm/intent", 0.8, "<iwish> *1 @die !3DYING"),
    ("self-harm/intent", 0.8, "i *2 @suicidal"),
    ("self-harm/intent", 0.8, "i'm|im *2 @suicidal"),
    ("self-harm/intent", 0.8, "i|i'm|im *1 feel|felt|feeling *1 @suicidal"),
    ("self-harm/intent", 0.85, "i don't|dont want|wanna to? live|exist|be *1 anymore|alive"),
    ("self-harm/intent", 0.85, "i wish i was|were dead"),
    ("self-harm/intent", 0.8, "everyone|everybody|world would|is|be be? better off without me"),
    ("self-harm/intent", 0.85, "i keep|started|been cutting|hurting|harming|burning myself"),
    ("self-harm/instructions", 0.95, "<how> *2 @HURT SELF !4PLAY|SOFT"),
    ("self-harm/instructions", 0.95, "<how> *2 @commit suicide !4PLAY"),
    ("self-harm/instructions", 0.95, "<how> *2 @end|take my|your own? life !2PLAY|insurance"),
    (
        "self-harm/instructions",
        0.95,
        "EASIEST *2 way|ways|method|methods to|of|for *1 <suicide> !3PLAY",
    ),
    ("self-harm/instructions", 0.9, "how many|much *2 @PILLS *3 <lethal>"),
    ("self-harm/instructions", 0.9, "^ go|just|please? @kill|hang|neck yourself|urself !3SOFT"),
    (
        "self-harm/instructions",
        0.95,
        "YOU should|must|ought|need|deserve *1 to? @kill|hang yourself|urself !3SOFT",
    ),
    ("self-harm/instructions", 0.9, "kys"),
    # Sex.
    ("sexual", 0.8, "EXPLICIT"),
    ("sexual", 0.8, "suck|lick|ride|stroke my|his|your|her *1 GENITAL"),
    ("sexual", 0.8, "WRITE *4 @PORN"),
    ("sexual/minors", 0.95, "<minor> *1 PORN !4LAW"),
    ("sexual/minors", 0.95, "sexy|horny|slutty|lewd <minor> !4LAW"),
    ("sexual/minors", 0.95, "PORN|naked|sexual|sexy|topless PICTURE *3 <minor> !4LAW"),
    ("sexual/minors", 0.95, "naked *1 <minor> PICTURE !4LAW"),
    ("sexual/minors", 0.95, "WRITE *4 @PORN *4 <minor> !4LAW"),
    ("sexual/minors", 0.95, "sex with *3 <minor> !4LAW"),
    # Violence wished for or relished.
    ("violence", 0.7, "<iwant> *2 @kill|murder|stab|shoot *2 PERSON|him|her|everyone !4PLAY|TECH"),
    ("violence", 0.6, "deserve|deserves to be? die|killed|tortured|shot"),
    ("violence/graphic", 0.7, "blood *2 spurt|spurted|spurting|gushed|gushing|sprayed|spraying"),
    ("violence/graphic", 0.7, "guts|intestines|entrails|brains *1 spilled|spilling|splattered"),
    (
        "violence/graphic",
        0.6,
        "graphic|gory|gruesome *1 description|scene|details|story *3 murder|torture|killing|gore",
    ),
)
