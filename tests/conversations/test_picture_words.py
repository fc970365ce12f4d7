"""Which words change the picture before them, or want it once more, and which are no such thing."""

from __future__ import annotations

import pytest

from conversations.picture_words import Standing, changes, may_change, once_more, standing, to_draw

SHOWN = "a castle and a cat"
FOX = "a fox beside a lake at sunset"
ORDINARY = """
Now tell me a joke
Give me a recipe for pancakes
Use Python to add two numbers
Show me how to sort a list in Python
In which year did World War 2 end.
As a teacher, explain gravity to me
Let us talk about France
No thanks
Try to guess my age
draw a conclusion from this
Tell me about foxes
Thanks, that is lovely
What is in the picture?
Now write a poem about winter
Now explain recursion
Now what is the capital of France?
and the capital of Spain?
And you?
But why?
In short, what is gravity?
In French please
In one sentence please
In a table
On the other hand
At what time does the sun rise?
On my way
With regards to yesterday, what did you mean?
With love
As usual
As far as I know you are a robot
No problem
No idea
No way
No, thank you
More please
Add two numbers
Add 2 and 3
Add milk to my shopping list
Add a comment to the code
Add a paragraph about dragons
Add up 12 and 30
Remove duplicates from a list
Delete my account
Delete that
Change the subject
Change the topic please
Make a list of trees
Make me laugh
Make up a story about a dragon
Make it rhyme
Make it a poem
Make it funnier
Make it more formal
Make the story longer
Make the answer shorter
Turn it into a poem
Turn this sentence into a question
Turn the story into a song
Put the following words in order
Put it in a list
Give me an example
Give it a title
Give me more details
Give the answer in English
Take care
Take a deep breath
Take a look at this
Let me think
Let it be
Let's talk about cats
Replace x with y in the formula
Swap two variables in Python
Show me the capital of France
Show your work
Set the variable to 3
I want to be a teacher
I want a dog
I like it
I like the cat
I need more time
I would like the recipe
The moon is made of cheese
It should be fun
That should do
It could be worse
Can it be true?
Could you explain that?
Can you help me?
Can you write a poem?
Could you translate that to German?
Would you like a coffee?
How about you?
What about the economy?
Use the force
Try again later
Keep it short
Keep going
Have a nice day
Move on
Another question
One more question
One more thing
Again, why is the sky blue?
Hide the details
Drop the table users
Forget it
Forget that
Forget everything
Under which king was it built?
During the war, who was president?
Same here
Same question for Germany
Like what?
By the way, who are you?
From where are you?
Who is the king of Spain
How do foxes sleep
Hello
Good morning
good night
Write a haiku
What color is the sky
Is it night in Tokyo now
At home we speak French
in the end
In fact I disagree
In general, yes
on second thought no
with pleasure
Put simply, what is love
Set a reminder
Color theory explained
Place your bets
Turn off the lights please Alexa
Change is good
Make sense?
Makes sense
make sure to answer briefly
Show more
Let's play a game
Let's go
Try harder
Try me
use simple words
use bullet points
Without further ado
without using the letter e
less is more
more details please
more examples
more about foxes
now in Spanish
now in one word
and in Spanish
and now something else
now a joke
now a poem about the cat
and a story
but the answer was wrong
the answer should be 42
the sun should rise in the east
that could be a problem
""".strip().split("\n")
OF_FOXES = """
In winter where do foxes sleep
In which season do foxes hunt
With what do foxes hunt
On the moon is there water
At night foxes hunt, right
In Egypt, who built the pyramids
In Paris what can I eat
In London the weather is bad
In my garden there are foxes
At sunset I like to walk
On Monday I have school
In the morning I drink coffee
With milk and sugar please
I want it
I want the truth
I'd like the recipe
I'd like it to be a surprise
I want it to stop
Add sugar and milk
Add salt
Add fox to my list
Add a fox to the story
Remove the fox from the story
Make the fox the hero of a story
Make a story about the fox
Make me a sandwich
Make a cake
Give me a cookie
Give me a fox fact
Give me the weather in London
Put a smile on my face
Put the kettle on
Take the dog out
Take a photo
Take me to the moon
Turn left at the house
Turn around
Turn the music up
Turn on the light
Change my mind
Change the world
Change the language to German
Change your name to Fox
Replace the battery
Swap places
Move to Berlin
Move fast
Move along
Let me see
Let the games begin
Let's eat
Let's draw
Let's start over
Set an alarm
Set the table
Show me a picture
Show me foxes
Show me the money
Show me how foxes hunt
Show it to me
Show me it
Hide and seek rules
Lose weight fast tips
Drop me a line
Clear the chat
Clear everything
Forget the fox, tell me a joke
Delete everything
Delete this chat
Delete the conversation
Remove that
Remove the background noise from audio
Erase my memory
Get rid of acne
Get rid of ants in my house
Use metric units
Use dark mode
Use a formal tone
Use red for errors
As a child, I had a dog
As a king, what would you do
As a pirate
As an expert
like a pirate
Like father like son
By night or by day
By train
From Paris to London
From above, explain
From now on speak like a pirate
The fox is cute
The sun is hot
The fox should be called Bob
the fox should have a name
The moon should be visible tonight
The earth is round
It needs salt
It needs to be cooked
It could be raining tomorrow
It should work
it should be easy
There should be peace
There should be a law
Can it rain in winter?
Can it be dangerous?
Can the fox swim?
Can the fox be tamed?
Can foxes fly?
Can you sing?
Can you see it?
Can you make coffee?
Can you make music?
Can you make a list of animals?
Can you make me a website?
Can you make it simple?
Can you put it simply?
Can you give me the recipe?
Can you show me the code?
Can you add?
Can you change a tire?
Could you move the meeting?
Could you remove stains from a shirt?
What about dogs?
What about a dog?
How about a game?
How about a joke
How about some music
How about a story
and a fox?
but a fox is an animal
and the dog?
now the weather
now the news
but the sun is a star
and the moon is a satellite
no I want text
no not that
no more
no dogs allowed
without you
without a doubt
with you
with whom
under water pressure
under stress
on time
in love
in total
at work
on the beach what should I pack
on the other side
on purpose
near me
near the lake are foxes
against all odds
another joke
another fox fact
less talk
more info
more jokes
more power
fewer words
bigger is better
smaller than an atom
larger than life
same
same to you
the same as before
the same for dogs
the same question in German
zoom in on chapter two
zoom meeting at 5
zoom
""".strip().split("\n")
"""Said after a picture of a fox, with words for what is seen in it."""
CHANGES = """
now at night
make it bigger
and add two boats
without the house
as pixel art
make it night
Make it winter
make it snow
make it rain
make it a watercolor
make it look like a watercolor
make it blue
make it darker
make it brighter
make it smaller
make it more colorful
make it more realistic
make it sunset
make it red and gold
make the castle red
make the castle bigger
Make the sky pink
make the cat smile
make the cat wear a hat
make him sleep
make everything blue
make the picture darker
make this picture brighter
make more trees
turn it into a watercolor
turn it into winter
turn the castle blue
turn day into night
change the background to a beach
change the color of the castle to blue
change the sky to red
change it to night
change the cat to a dog
change the colors
change the style to pixel art
replace the castle with a house
replace the cat with a dog
swap the cat for a dog
add a tree
Add a moon and some stars
add snow
add more clouds
add a hat to the cat
add a rainbow in the sky
add people
include a dragon
put a hat on the cat
put a boat on the lake
put it on the moon
put it in a forest
give the cat a hat
give it wings
give him a beard
remove the castle
remove the clouds
remove the tree on the left
delete the house
take away the moon
get rid of the trees
erase the clouds
move the moon to the left
move the castle left
zoom in
zoom out
in watercolor
in winter
in the snow
in black and white
at sunset
at night please
with two boats
with a rainbow
with more trees
without clouds
no clouds
no people
more trees
fewer trees
less clouds
another tree
bigger
a bit smaller
darker please
in the style of van gogh
from above
as a watercolor
as a pencil drawing
on the moon
under water
same but at night
the same in winter
but at night
and a dog
now with a dragon
can you make the cat black?
could you add a tree?
please make it night?
can you make it night?
could you please remove the clouds?
would you make the castle bigger?
I want it at night
I'd like it in winter
I want the cat to be black
I'd like the castle to be red
I want more trees
the cat should be black
the castle should be bigger
it should be night
the sky should be red
there should be a moon
it needs more trees
can the cat be black?
could it be night?
how about at night?
what about in winter?
draw it at night
draw it in watercolor
draw the castle bigger
paint the castle red
paint it blue
show it from above
use watercolor
use brighter colors
let it snow
let the cat sleep
try it in watercolor
No, make it blue
Nice! Now make it night
thanks, now add a dragon
add a tree?
""".strip().split("\n")
OF_BOATS = """
make the boats red
make the water purple
add a lighthouse on the hill
make one boat bigger
make the sky more dramatic
add birds
put a dog in the boat
move the boats closer
remove one boat
make it less dark
give the boats sails
change the season to autumn
could you draw it as a cartoon?
can you turn it into pixel art?
can we have it at night?
can I have it at night?
can you do it in watercolor?
do it in watercolor
now do it at night
now make it look like winter
I think it should be night
please add some snow to the mountains
can you add more boats please
try with a red boat
without the boats
only one boat
more boats!
as a van gogh painting
in van gogh style
at night, with stars
and make it night
also add a moon
make the left boat blue
a bit darker
make boats red
turn the boats red
it should have a moon
should be at night
needs more trees
needs a moon
could be darker
make them blue
make both boats red
make it a sunny day
make it foggy
make it rainy
make it more beautiful
make it better
make it cuter
make it scary
make it look old
make it look more realistic
make it black and white
make it a cartoon
make it a painting
make it anime style
make the background white
make the background a desert
change the background
change the boats to ducks
turn the boats into ducks
replace the boats by ducks
swap the boats for ducks
ducks instead of boats
with ducks instead of boats
no boats
add a person
add a man and a woman
add people swimming
add a sunset
add some clouds to the sky
add colors
bigger boats
larger
zoom in on the boats
zoom out a bit
show it at night
show me the boats at night
same thing in winter
the same picture at night
the same with three boats
what if it was night?
what if it were winter
how would it look in winter?
what would it look like at night?
can you show it in winter?
i'd prefer it in watercolor
i would love it in winter
make the boats sail to the left
have the boats sink
put the moon in the sky
place a castle behind the lake
let it rain
""".strip().split("\n")
"""Said after a picture of two boats on a lake."""
UNMISTAKABLE = """
now make it night
make it winter
make it bigger
remove the castle
make it blue
make the castle red
add a tree
add two boats
remove the clouds
turn it into a watercolor
make it night and add a moon
could you add a dragon?
change the sky to red
make it sunset
replace the castle with a house
paint the castle red
the castle should be blue
make it darker
change the background to a beach
make the picture brighter
move the castle to the left
""".strip().split("\n")
"""These are meant for the picture after other talk, too."""
AMBIGUOUS = """
make it shorter
make it longer
make it simpler
make it funny
make it funnier
make it rhyme
make it sad
make it formal
make it warmer
make it softer
make it short
make it more dramatic
in winter
at night
with two boats
on the moon
more trees
bigger
again
another one
once more
add more detail
add an example
the cat should sleep more
show a dog
make a cake
make the ending happier
use watercolor
what about in winter?
and a dog
in black and white
""".strip().split("\n")
"""These may be meant for what was said since."""
SCENES = ["watercolor", "pixel art please", "Night", "black and white", "winter, at sunset"]
NO_SCENES = ["Winter is cold", "Pixel art tutorial", "winter coats", "Night shift", "Summer jobs?"]
AGAIN = """
draw another one
draw one more
another one
once more
again
one more like this
draw it again
another
another version
show me another one
try again
one more time
a different one
another picture
give me another one
draw another like this
redraw it
make another one
can you draw another one?
do it again
once again please
draw another picture
""".strip().split("\n")


def about_picture(texts: list[str], standing: Standing, shown: str = SHOWN) -> list[str]:
    """Those of the texts that would draw, if a picture of that stood so to them."""
    return [
        text
        for text in texts
        if to_draw(text) or changes(text, shown, standing) or once_more(text, standing)
    ]


def test_what_is_said_of_other_things_draws_nothing() -> None:
    assert len(ORDINARY) >= 100
    for place in Standing:
        assert about_picture(ORDINARY, place) == []
        assert about_picture(OF_FOXES, place, FOX) == []


def test_right_after_a_picture_it_is_changed() -> None:
    assert len(CHANGES) >= 100
    assert about_picture(CHANGES, Standing.NEXT) == CHANGES
    assert about_picture(OF_BOATS, Standing.NEXT, "two boats on a lake") == OF_BOATS
    assert [text for text in (*CHANGES, *OF_BOATS) if not may_change(text)] == []
    new = [text for text in CHANGES if to_draw(text)]
    assert new == ["draw the castle bigger", "paint the castle red"]


def test_how_it_is_to_look_is_enough_right_after_it() -> None:
    assert about_picture([*SCENES, *NO_SCENES], Standing.NEXT) == SCENES
    assert about_picture(SCENES, Standing.NEAR) == []


def test_after_other_talk_only_unmistakable_words_change_it() -> None:
    assert about_picture(UNMISTAKABLE, Standing.NEAR) == UNMISTAKABLE
    assert about_picture(AMBIGUOUS, Standing.NEAR) == []


def test_after_something_was_written_the_picture_must_be_named() -> None:
    named = ["make the picture brighter", "remove the castle from the picture"]
    assert [text for text in UNMISTAKABLE if changes(text, SHOWN, Standing.APART)] == named[:1]
    assert [text for text in named if not changes(text, SHOWN, Standing.APART)] == []


def test_the_same_once_more() -> None:
    assert [text for text in AGAIN if not once_more(text, Standing.NEXT)] == []
    assert [text for text in AGAIN if once_more(text, Standing.NEAR)] == [
        "draw another one", "draw one more", "draw it again", "another picture",
        "draw another like this", "redraw it", "can you draw another one?", "draw another picture",
    ]  # fmt: skip
    assert [text for text in AGAIN if to_draw(text)] == []


def test_what_was_drawn_is_known_in_the_change_though_the_illustrator_has_no_word_for_it() -> None:
    assert changes("make the zorbs wear Gucci", "three zorbs", Standing.NEXT)
    assert not changes("make the zorbs wear Gucci", "a castle", Standing.NEXT)


@pytest.mark.parametrize(
    ("since", "stands"),
    [
        ([], Standing.NEXT),
        (["Nice, thank you!", "I love the cat :)"], Standing.NEXT),
        (["What is the capital of France?"], Standing.NEAR),
        (["Thank you!", "How old are castles?"], Standing.NEAR),
        (["Write a poem about it", "Thanks!"], Standing.APART),
        (["Give me a recipe for pancakes"], Standing.APART),
    ],
)
def test_what_was_said_since_tells_how_sure_the_words_must_be(
    since: list[str], stands: Standing
) -> None:
    assert standing(SHOWN, since) is stands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Illustrate the concept of recursion", ""),
        ("Draw the graph of y=x^2", ""),
        ("draw a flowchart of the login", ""),
        ("Can you illustrate how photosynthesis works?", ""),
        ("draw it", ""),
        ("draw a house with lots of trees", "a house with lots of trees"),
        ("draw lots of trees", "lots of trees"),
        ("draw a teacher beside a table", "a teacher beside a table"),
        ("illustrate a fox in the snow", "a fox in the snow"),
    ],
)
def test_what_is_drawn_with_words_or_numbers_is_left_to_them(text: str, words: str) -> None:
    assert to_draw(text) == words
