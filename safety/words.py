"""The words that the check of prompts knows: few, documented, English, as the text encoders are.

A word alone is never refused but for SELF_EVIDENT: what is refused is that words of two lists meet in one prompt. Plain
letters only: how else they may be written is the affair of terms.py. HARMLESS phrases are taken out before all else;
none of them may serve to say what the lists are there to find.
"""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(term.split()) for term in text.split(","))


SEXUAL = _listed("""
nude, nudes, nudity, nudist, naked, nakedness, nsfw, porn, porno, pornstar, pornographic, pornography, sex, sexual,
sexually, sexy, sexualized, sexualised, eroge, erotic, erotica, eroticism, hentai, ecchi, ahegao, futanari, topless,
bottomless, lingerie, panties, genital, genitals, genitalia, penis, penises, vagina, vaginas, vulva, clitoris, nipple,
nipples, boobs, tits, titties, blowjob, handjob, deepthroat, creampie, cumshot, gangbang, threesome, orgy, orgies,
orgasm, orgasms, masturbate, masturbates, masturbating, masturbation, fuck, fucks, fucked, fucking, pussy, undress,
undresses, undressed, undressing, unclothed, nudify, striptease, stripper, bdsm, fetish, upskirt, lewd, horny,
intercourse, uncensored, rule34, onlyfans, bukkake, milf, dildo, rule 34, without clothes, no clothes, without any
clothes, wearing nothing, take off her clothes, bare breasted, bare breasts, spread legs, making love, anal, oral sex,
in underwear, in her underwear, in his underwear, x rated, birthday suit
""")

MINORS = _listed("""
child, children, childlike, childish, kid, kids, kiddie, kiddy, minors, toddler, toddlers, infant, infants, baby,
babies, newborn, newborns, preteen, preteens, teen, teens, teenage, teenaged, teenager, teenagers, adolescent,
adolescents, tween, tweens, juvenile, juveniles, underage, underaged, schoolgirl, schoolgirls, schoolboy, schoolboys,
schoolchild, schoolchildren, kindergarten, kindergartner, kindergartener, preschool, preschooler, lolita, lolitas,
shota, shotas, pedo, pedos, pedophile, pedophilia, paedophile, paedophilia, girl, girls, boy, boys, youngster,
youngsters, prepubescent, pubescent, puberty, highschooler, pre teen, under age, school girl, school boy, school
child, grade schooler, middle schooler, high schooler, middle school, elementary school, primary school, barely legal,
flat chested, under 18, under eighteen
""")

SELF_EVIDENT = _listed("""
loli, lolis, lolicon, shotacon, jailbait, child porn, kiddie porn, kid porn, csam
""")

PERSONS = _listed("""
celebrity, celebrities, celeb, celebs, actress, actresses, actor, actors, singer, popstar, politician, president,
senator, chancellor, influencer, influencers, streamer, youtuber, tiktoker, deepfake, deepfakes, nudify, lookalike,
deep fake, real person, real people, real woman, real man, prime minister, pop star, movie star, film star, rock star,
look alike, looks like, the face of, face swap, faceswap, leaked photo, leaked photos, leaked nudes, my ex, my
girlfriend, my boyfriend, my wife, my husband, my boss, my coworker, my colleague, my classmate, my teacher, my
neighbor, my neighbour, my friend, my sister, my mother, my mom, this woman, this man, this person, remove her
clothes, remove his clothes, remove the clothes, undress her, undress him
""")

HARMLESS = _listed("""
naked mole rat, naked mole rats, naked eye, nude color, nude colour, nude tones, nude lipstick, same sex, sex
education, sex pistols, pussy willow, pussy willows, pussy cat, pussy cats, baby blue, baby pink, baby oil, baby doll,
pin up girl, pin up girls, pinup girl, pinup girls, cover girl, call girl, show girl, bond girl, girl friend, boy
friend, kid leather, boy shorts, school of athens, bottomless pit, bottomless lake, anal fin
""")

NUMBERS = _listed("""
one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen,
seventeen
""")
