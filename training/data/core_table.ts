/**
 * The table of the core objects, one a line:
 * `id | icons | English names | Ukrainian name:gender:plural, … | - where it is never recoloured`.
 *
 * @module
 */

/** Whatever has a face: animals, robots, ghosts, smileys. */
export const ANIMALS = `
cat|cat,cat-face,black-cat,catside|cat,kitty,kitten|кіт:m:коти,кішка:f:кішки,котик:m:котики,кошеня:n:кошенята
dog|dog,dog-face,dogside|dog,puppy,doggy|собака:m:собаки,пес:m:пси,песик:m:песики,цуценя:n:цуценята
fox|fox,fox-face|fox|лисиця:f:лисиці,лис:m:лиси,лисичка:f:лисички
wolf|wolf,wolf-face|wolf|вовк:m:вовки
bear|bear,bear-face|bear|ведмідь:m:ведмеді,ведмедик:m:ведмедики
panda|panda,panda-face|panda|панда:f:панди
koala|koala|koala|коала:f:коали
tiger|tiger-face,tiger,tigerside|tiger|тигр:m:тигри
lion|lion,lion-face|lion|лев:m:леви
leopard|leopard|leopard|леопард:m:леопарди
rabbit|rabbit-face,rabbit,rabbitside|rabbit,bunny|кролик:m:кролики,заєць:m:зайці
mouse|mouse-face,mouse,mouseside|mouse|миша:f:миші,мишка:f:мишки
hamster|hamster,hamster-face|hamster|хом'як:m:хом'яки
frog|frog,frog-face|frog|жаба:f:жаби,жабка:f:жабки
monkey|monkey-face,monkey,monkeyface|monkey|мавпа:f:мавпи
gorilla|gorilla|gorilla|горила:f:горили
pig|pig-face,pig,pigside|pig|свиня:f:свині,порося:n:поросята
cow|cow-face,cow,cowface|cow|корова:f:корови
ox|ox|ox,bull|бик:m:бики
horse|horse-face,horse,horseface|horse|кінь:m:коні
unicorn|unicorn,unicorn-face|unicorn|єдиноріг:m:єдинороги
zebra|zebra,zebra-face|zebra|зебра:f:зебри
deer|deer|deer|олень:m:олені
giraffe|giraffe|giraffe|жирафа:f:жирафи
elephant|elephant|elephant|слон:m:слони
rhinoceros|rhinoceros|rhinoceros,rhino|носоріг:m:носороги
hippopotamus|hippopotamus|hippopotamus,hippo|бегемот:m:бегемоти
kangaroo|kangaroo|kangaroo|кенгуру:m
camel|camel,two-hump-camel|camel|верблюд:m:верблюди
sheep|ewe,sheep|sheep|вівця:f:вівці
goat|goat|goat|коза:f:кози
raccoon|raccoon|raccoon|єнот:m:єноти
squirrel|chipmunk|squirrel,chipmunk|білка:f:білки,бурундук:m:бурундуки
hedgehog|hedgehog|hedgehog|їжак:m:їжаки
bat|bat|bat|кажан:m:кажани
sloth|sloth|sloth|лінивець:m:лінивці
otter|otter|otter|видра:f:видри
skunk|skunk|skunk|скунс:m:скунси
beaver|beaver|beaver|бобер:m:бобри
polar bear|polar-bear|polar bear|білий ведмідь:m
rat|rat|rat|щур:m:щури
owl|owl|owl|сова:f:сови
bird|bird,birdside|bird|птах:m:птахи,пташка:f:пташки
chicken|chicken,chickenside|chicken,hen|курка:f:курки
rooster|rooster|rooster|півень:m:півні
chick|baby-chick,front-facing-baby-chick,hatching-chick|chick,baby chick|курча:n:курчата
penguin|penguin|penguin|пінгвін:m:пінгвіни
duck|duck|duck|качка:f:качки
eagle|eagle|eagle|орел:m:орли
parrot|parrot|parrot|папуга:m:папуги
flamingo|flamingo|flamingo|фламінго:m
peacock|peacock|peacock|павич:m:павичі
swan|swan|swan|лебідь:m:лебеді
goose|goose|goose|гуска:f:гуски
turkey|turkey|turkey|індик:m:індики
dove|dove,dove-of-peace|dove|голуб:m:голуби
fish|fish,tropical-fish|fish|риба:f:риби,рибка:f:рибки
blowfish|blowfish|blowfish,puffer fish|риба-їжак:f
shark|shark|shark|акула:f:акули
dolphin|dolphin|dolphin|дельфін:m:дельфіни
whale|spouting-whale,whale|whale|кит:m:кити
octopus|octopus|octopus|восьминіг:m:восьминоги
crab|crab|crab|краб:m:краби
squid|squid|squid|кальмар:m:кальмари
snail|snail|snail|равлик:m:равлики
turtle|turtle|turtle,tortoise|черепаха:f:черепахи
snake|snake|snake|змія:f:змії
lizard|lizard|lizard|ящірка:f:ящірки
crocodile|crocodile|crocodile|крокодил:m:крокодили
dragon|dragon-face,dragon,dragonface|dragon|дракон:m:дракони
dinosaur|sauropod,t-rex|dinosaur|динозавр:m:динозаври
bee|honeybee|bee|бджола:f:бджоли
ladybug|lady-beetle|ladybug,ladybird|сонечко:n
butterfly|butterfly|butterfly|метелик:m:метелики
ant|ant|ant|мураха:f:мурахи
spider|spider|spider|павук:m:павуки
seal|seal|seal|тюлень:m:тюлені
moose|moose|moose,elk|лось:m:лосі
robot|robot,robot-face|robot|робот:m:роботи
ghost|ghost|ghost|привид:m:привиди
alien|alien,extraterrestrial-alien|alien|прибулець:m:прибульці,інопланетянин:m:інопланетяни
monster|alien-monster|space invader,alien monster|космічний монстр:m
ogre|ogre|ogre|огр:m
skull|skull|skull|череп:m:черепи
snowman|snowman-without-snow,snowman|snowman|сніговик:m:сніговики
pumpkin|jack-o-lantern|jack-o'-lantern,pumpkin lantern|гарбузовий ліхтар:m
smiley|slightly-smiling-face,slightly-smiling,smiling-face,grinning-face,grinning-face-with-big-eyes,smiling-face-with-open-mouth|smiley,smiling face,happy face|смайлик:m:смайлики,усміхнене обличчя:n
sad face|slightly-frowning-face,frowning-face|sad face,frowning face|сумне обличчя:n
surprised face|face-with-open-mouth,hushed-face,astonished-face|surprised face|здивоване обличчя:n
devil|smiling-face-with-horns,angry-face-with-horns|devil face,imp|чортик:m:чортики
`;

/** Everything else. */
export const THINGS = `
heart|red-heart,heart-suit,redheart|heart|серце:n:серця
broken heart|broken-heart|broken heart|розбите серце:n
star|star,white-medium-star,whitemediumstar|star|зірка:f:зірки
sun|sun|sun|сонце:n:сонця
sun face|sun-with-face|sun with a face|сонце з обличчям:n
moon|crescent-moon|moon,crescent moon|місяць:m:місяці
full moon|full-moon|full moon|повний місяць:m
cloud|cloud|cloud|хмара:f:хмари
lightning|high-voltage,high-voltage-sign|lightning,lightning bolt|блискавка:f:блискавки
snowflake|snowflake|snowflake|сніжинка:f:сніжинки
fire|fire|fire,flame|вогонь:m
drop|droplet|drop,water drop|крапля:f:краплі
rainbow|rainbow|rainbow|веселка:f:веселки|-
planet|ringed-planet|planet,saturn|планета:f:планети
comet|comet|comet|комета:f:комети
globe|globe-showing-europe-africa,earth-globe-europe-africa|earth,globe|земля:f|-
apple|red-apple,green-apple,redapple|apple|яблуко:n:яблука
pear|pear|pear|груша:f:груші
orange fruit|tangerine|tangerine,mandarin|мандарин:m:мандарини
lemon|lemon|lemon|лимон:m:лимони
banana|banana|banana|банан:m:банани
watermelon|watermelon|watermelon|кавун:m:кавуни
grapes|grapes|grapes|виноград:m
strawberry|strawberry|strawberry|полуниця:f:полуниці
cherries|cherries|cherry,cherries|вишня:f:вишні
peach|peach|peach|персик:m:персики
pineapple|pineapple|pineapple|ананас:m:ананаси
mango|mango|mango|манго:n
kiwi|kiwi-fruit|kiwi|ківі:n
coconut|coconut|coconut|кокос:m:кокоси
tomato|tomato|tomato|помідор:m:помідори
eggplant|eggplant|eggplant,aubergine|баклажан:m:баклажани
avocado|avocado|avocado|авокадо:n
carrot|carrot|carrot|морква:f
corn|ear-of-corn|corn|кукурудза:f
pepper|hot-pepper|hot pepper,chili|гострий перець:m
bell pepper|bell-pepper|bell pepper|болгарський перець:m
cucumber|cucumber|cucumber|огірок:m:огірки
broccoli|broccoli|broccoli|броколі:f
mushroom|mushroom|mushroom|гриб:m:гриби
potato|potato|potato|картопля:f
onion|onion|onion|цибуля:f
bread|bread|bread|хліб:m
croissant|croissant|croissant|круасан:m:круасани
cheese|cheese-wedge|cheese|сир:m
egg|egg,cooking|egg|яйце:n:яйця
burger|hamburger|burger,hamburger|бургер:m:бургери
pizza|pizza,slice-of-pizza|pizza|піца:f:піци
hot dog|hot-dog|hot dog|хот-дог:m:хот-доги
fries|french-fries|french fries,fries|картопля фрі:f
taco|taco|taco|тако:n
sushi|sushi|sushi|суші:n
ice cream|soft-ice-cream,ice-cream|ice cream|морозиво:n
donut|doughnut|donut,doughnut|пончик:m:пончики
cookie|cookie|cookie|печиво:n
cake|birthday-cake,shortcake|cake|торт:m:торти
cupcake|cupcake|cupcake|кекс:m:кекси
chocolate|chocolate-bar|chocolate|шоколад:m
candy|candy|candy|цукерка:f:цукерки
lollipop|lollipop|lollipop|льодяник:m:льодяники
coffee|hot-beverage|coffee,cup of coffee|кава:f
tea|teacup-without-handle|tea,cup of tea|чай:m
milk|glass-of-milk|milk,glass of milk|молоко:n
beer|beer-mug|beer,mug of beer|пиво:n
wine|wine-glass|wine,glass of wine|вино:n
cocktail|tropical-drink,cocktail-glass|cocktail|коктейль:m:коктейлі
flower|hibiscus,blossom,cherry-blossom|flower|квітка:f:квітки
rose|rose|rose|троянда:f:троянди
tulip|tulip|tulip|тюльпан:m:тюльпани
sunflower|sunflower|sunflower|соняшник:m:соняшники
tree|deciduous-tree|tree|дерево:n:дерева
fir tree|evergreen-tree|fir tree,pine tree|ялинка:f:ялинки
christmas tree|christmas-tree|christmas tree|різдвяна ялинка:f
palm tree|palm-tree|palm tree|пальма:f:пальми
cactus|cactus|cactus|кактус:m:кактуси
leaf|maple-leaf,leaf-fluttering-in-wind|leaf|листок:m:листки
clover|four-leaf-clover|four-leaf clover,clover|конюшина:f
seedling|seedling|seedling,sprout|паросток:m:паростки
car|automobile,oncoming-automobile,racing-car|car|автомобіль:m:автомобілі,машина:f:машини
taxi|taxi,oncoming-taxi|taxi|таксі:n
bus|bus,oncoming-bus|bus|автобус:m:автобуси
truck|delivery-truck,articulated-lorry|truck|вантажівка:f:вантажівки
fire engine|fire-engine|fire engine,fire truck|пожежна машина:f:пожежні машини
police car|police-car,oncoming-police-car|police car|поліцейська машина:f
ambulance|ambulance|ambulance|швидка допомога:f
tractor|tractor|tractor|трактор:m:трактори
train|locomotive,train,metro|train|потяг:m:потяги,поїзд:m:поїзди
bicycle|bicycle|bicycle,bike|велосипед:m:велосипеди
motorcycle|motorcycle,motor-scooter|motorcycle|мотоцикл:m:мотоцикли
airplane|airplane|airplane,plane|літак:m:літаки
helicopter|helicopter|helicopter|гелікоптер:m:гелікоптери,вертоліт:m:вертольоти
rocket|rocket|rocket|ракета:f:ракети
ufo|flying-saucer|ufo,flying saucer|нло:n,літаюча тарілка:f
ship|ship,passenger-ship|ship|корабель:m:кораблі
sailboat|sailboat|sailboat,boat|вітрильник:m:вітрильники,човен:m:човни
anchor|anchor|anchor|якір:m:якорі
house|house|house|будинок:m:будинки,хата:f:хати
castle|castle|castle|замок:m:замки
tent|tent|tent|намет:m:намети
mountain|mountain,snow-capped-mountain|mountain|гора:f:гори
volcano|volcano|volcano|вулкан:m:вулкани
ball|soccer-ball|soccer ball,football|футбольний м'яч:m
basketball|basketball|basketball|баскетбольний м'яч:m
tennis ball|tennis|tennis ball|тенісний м'яч:m
volleyball|volleyball|volleyball|волейбольний м'яч:m
baseball|baseball|baseball|бейсбольний м'яч:m
trophy|trophy|trophy,cup|кубок:m:кубки
medal|sports-medal,military-medal|medal|медаль:f:медалі
umbrella|umbrella,closed-umbrella,umbrella-with-rain-drops|umbrella|парасолька:f:парасольки
crown|crown|crown|корона:f:корони
ring|ring|ring|перстень:m:персні
gem|gem-stone|gem,diamond|діамант:m:діаманти
hat|top-hat|top hat,hat|капелюх:m:капелюхи
cap|billed-cap|cap|кепка:f:кепки
shirt|t-shirt|t-shirt,shirt|футболка:f:футболки
dress|dress|dress|сукня:f:сукні
jeans|jeans|jeans|джинси:p
sock|socks|socks|шкарпетки:p
shoe|running-shoe,mans-shoe|sneaker,shoe|кросівка:f:кросівки,черевик:m:черевики
boot|womans-boot,hiking-boot|boot|чобіт:m:чоботи
glasses|glasses|glasses|окуляри:p
bag|handbag|handbag,bag|сумка:f:сумки
backpack|backpack|backpack|рюкзак:m:рюкзаки
book|closed-book,open-book|book|книга:f:книги,книжка:f:книжки
pencil|pencil|pencil|олівець:m:олівці
scissors|scissors|scissors|ножиці:p
key|key|key|ключ:m:ключі
lock|locked|lock,padlock|замок на ключ:m
bell|bell|bell|дзвін:m:дзвони
clock|alarm-clock|alarm clock,clock|будильник:m:будильники
watch|watch|watch|наручний годинник:m
phone|mobile-phone|phone,smartphone|телефон:m:телефони
computer|laptop|laptop,computer|ноутбук:m:ноутбуки
television|television|tv,television|телевізор:m:телевізори
camera|camera|camera|фотоапарат:m:фотоапарати
light bulb|light-bulb|light bulb|лампочка:f:лампочки
candle|candle|candle|свічка:f:свічки
hammer|hammer|hammer|молоток:m:молотки
sword|dagger|dagger,sword|кинджал:m:кинджали,меч:m:мечі
shield|shield|shield|щит:m:щити
bomb|bomb|bomb|бомба:f:бомби
gift|wrapped-gift|gift,present|подарунок:m:подарунки
balloon|balloon|balloon|повітряна кулька:f:повітряні кульки
kite|kite|kite|повітряний змій:m
teddy bear|teddy-bear|teddy bear|плюшевий ведмедик:m
guitar|guitar|guitar|гітара:f:гітари
piano|musical-keyboard|piano,keyboard|піаніно:n|-
drum|drum|drum|барабан:m:барабани
trumpet|trumpet|trumpet|труба:f:труби
violin|violin|violin|скрипка:f:скрипки
chair|chair|chair|стілець:m:стільці
bed|bed|bed|ліжко:n:ліжка
door|door|door|двері:p
envelope|envelope|envelope,letter|конверт:m:конверти
mailbox|closed-mailbox-with-raised-flag|mailbox|поштова скринька:f
magnet|magnet|magnet|магніт:m:магніти
pin|pushpin,round-pushpin|pushpin,pin|кнопка:f:кнопки
hourglass|hourglass-done,hourglass|hourglass|пісочний годинник:m
telescope|telescope|telescope|телескоп:m:телескопи
dice|game-die|dice|гральний кубик:m:гральні кубики
yarn|yarn|yarn,ball of yarn|клубок:m:клубки
shell|spiral-shell|seashell,shell|мушля:f:мушлі
bone|bone|bone|кістка:f:кістки
tooth|tooth|tooth|зуб:m:зуби
paw|paw-prints|paw prints|сліди лап:p
eye|eye|eye|око:n
circle|red-circle,large-red-circle|circle|коло:n:кола,круг:m:круги
square|red-square,large-red-square|square|квадрат:m:квадрати
diamond shape|large-orange-diamond|diamond shape,rhombus|ромб:m:ромби
flag|triangular-flag,triangular-flag-on-post|flag|прапорець:m:прапорці
`;
