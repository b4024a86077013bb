(()=>{var pe=(e,t)=>{for(let i in t)e[i]=t[i];return e},w=(e,t)=>Array.from(e.querySelectorAll(t)),Ue=(e,t,i)=>{i?e.classList.add(t):e.classList.remove(t)},ue=e=>{if(typeof e=="string"){if(e==="null")return null;if(e==="true")return!0;if(e==="false")return!1;if(e.match(/^-?[\d\.]+$/))return parseFloat(e)}return e},re=(e,t)=>{e.style.transform=t},Te=(e,t)=>{let i=e.matches||e.matchesSelector||e.msMatchesSelector;return!!(i&&i.call(e,t))},j=(e,t)=>{if(e&&typeof e.closest=="function")return e.closest(t);for(;e;){if(Te(e,t))return e;e=e.parentElement}return null},Dt=e=>{e=e||document.documentElement;let t=e.requestFullscreen||e.webkitRequestFullscreen||e.webkitRequestFullScreen||e.mozRequestFullScreen||e.msRequestFullscreen;t&&t.apply(e)},ui=(e,t,i,a="")=>{let n=e.querySelectorAll("."+i);for(let o=0;o<n.length;o++){let h=n[o];if(h.parentNode===e)return h}let s=document.createElement(t);return s.className=i,s.innerHTML=a,e.appendChild(s),s},Ye=e=>{let t=document.createElement("style");return e&&e.length>0&&t.appendChild(document.createTextNode(e)),document.head.appendChild(t),t},Lt=()=>{let e={};location.search.replace(/[A-Z0-9]+?=([\w\.%-]*)/gi,t=>{let i=t.split("=").shift(),a=t.split("=").pop();return i&&a!==void 0&&(e[i]=a),t});for(let t in e){let i=e[t];e[t]=ue(unescape(i))}return e.dependencies!==void 0&&delete e.dependencies,e},pi=(e,t=0)=>{if(e){var i;let a,n=e.style.height;return e.style.height="0px",e.parentElement&&(e.parentElement.style.height="auto"),a=t-(((i=e.parentElement)==null?void 0:i.offsetHeight)||0),e.style.height=n+"px",e.parentElement&&e.parentElement.style.removeProperty("height"),a}return t},gi={mp4:"video/mp4",m4a:"video/mp4",ogv:"video/ogg",mpeg:"video/mpeg",webm:"video/webm"},vi=(e="")=>{let t=e.split(".").pop();return t?gi[t]:void 0},mi=(e="")=>encodeURI(e).replace(/%5B/g,"[").replace(/%5D/g,"]").replace(/[!'()*]/g,t=>`%${t.charCodeAt(0).toString(16).toUpperCase()}`),Ie=navigator.userAgent,de=/(iphone|ipod|ipad|android)/gi.test(Ie)||navigator.platform==="MacIntel"&&navigator.maxTouchPoints>1;/chrome/i.test(Ie)&&/edge/i.test(Ie);var Ht=/android/gi.test(Ie),fi=(function(e){if(e){var t=function(p){return[].slice.call(p)},i=0,a=1,n=2,s=3,o=[],h=null,u="requestAnimationFrame"in e?function(){var p=arguments.length>0&&arguments[0]!==void 0?arguments[0]:{sync:!1};e.cancelAnimationFrame(h);var A=function(){return f(o.filter((function(T){return T.dirty&&T.active})))};if(p.sync)return A();h=e.requestAnimationFrame(A)}:function(){},l=function(p){return function(A){o.forEach((function(T){return T.dirty=p})),u(A)}},f=function(p){p.filter((function(T){return!T.styleComputed})).forEach((function(T){T.styleComputed=c(T)})),p.filter(S).forEach(P);var A=p.filter(k);A.forEach(v),A.forEach((function(T){P(T),g(T)})),A.forEach(q)},g=function(p){return p.dirty=i},v=function(p){p.availableWidth=p.element.parentNode.clientWidth,p.currentWidth=p.element.scrollWidth,p.previousFontSize=p.currentFontSize,p.currentFontSize=Math.min(Math.max(p.minSize,p.availableWidth/p.currentWidth*p.previousFontSize),p.maxSize),p.whiteSpace=p.multiLine&&p.currentFontSize===p.minSize?"normal":"nowrap"},k=function(p){return p.dirty!==n||p.dirty===n&&p.element.parentNode.clientWidth!==p.availableWidth},c=function(p){var A=e.getComputedStyle(p.element,null);return p.currentFontSize=parseFloat(A.getPropertyValue("font-size")),p.display=A.getPropertyValue("display"),p.whiteSpace=A.getPropertyValue("white-space"),!0},S=function(p){var A=!1;return!p.preStyleTestCompleted&&(/inline-/.test(p.display)||(A=!0,p.display="inline-block"),p.whiteSpace!=="nowrap"&&(A=!0,p.whiteSpace="nowrap"),p.preStyleTestCompleted=!0,A)},P=function(p){p.element.style.whiteSpace=p.whiteSpace,p.element.style.display=p.display,p.element.style.fontSize=p.currentFontSize+"px"},q=function(p){p.element.dispatchEvent(new CustomEvent("fit",{detail:{oldValue:p.previousFontSize,newValue:p.currentFontSize,scaleFactor:p.currentFontSize/p.previousFontSize}}))},Q=function(p,A){return function(T){p.dirty=A,p.active&&u(T)}},oe=function(p){return function(){o=o.filter((function(A){return A.element!==p.element})),p.observeMutations&&p.observer.disconnect(),p.element.style.whiteSpace=p.originalStyle.whiteSpace,p.element.style.display=p.originalStyle.display,p.element.style.fontSize=p.originalStyle.fontSize}},V=function(p){return function(){p.active||(p.active=!0,u())}},E=function(p){return function(){return p.active=!1}},I=function(p){p.observeMutations&&(p.observer=new MutationObserver(Q(p,a)),p.observer.observe(p.element,p.observeMutations))},U={minSize:16,maxSize:512,multiLine:!0,observeMutations:"MutationObserver"in e&&{subtree:!0,childList:!0,characterData:!0}},M=null,D=function(){e.clearTimeout(M),M=e.setTimeout(l(n),R.observeWindowDelay)},x=["resize","orientationchange"];return Object.defineProperty(R,"observeWindow",{set:function(p){var A=`${p?"add":"remove"}EventListener`;x.forEach((function(T){e[A](T,D)}))}}),R.observeWindow=!0,R.observeWindowDelay=100,R.fitAll=l(s),R}function O(p,A){var T=Object.assign({},U,A),G=p.map((function(Y){var ie=Object.assign({},T,{element:Y,active:!0});return(function(H){H.originalStyle={whiteSpace:H.element.style.whiteSpace,display:H.element.style.display,fontSize:H.element.style.fontSize},I(H),H.newbie=!0,H.dirty=!0,o.push(H)})(ie),{element:Y,fit:Q(ie,s),unfreeze:V(ie),freeze:E(ie),unsubscribe:oe(ie)}}));return u(),G}function R(p){var A=arguments.length>1&&arguments[1]!==void 0?arguments[1]:{};return typeof p=="string"?O(t(document.querySelectorAll(p)),A):O([p],A)[0]}})(typeof window>"u"?null:window);function fe(e){"@babel/helpers - typeof";return fe=typeof Symbol=="function"&&typeof Symbol.iterator=="symbol"?function(t){return typeof t}:function(t){return t&&typeof Symbol=="function"&&t.constructor===Symbol&&t!==Symbol.prototype?"symbol":typeof t},fe(e)}function bi(e,t){if(fe(e)!="object"||!e)return e;var i=e[Symbol.toPrimitive];if(i!==void 0){var a=i.call(e,t||"default");if(fe(a)!="object")return a;throw TypeError("@@toPrimitive must return a primitive value.")}return(t==="string"?String:Number)(e)}function yi(e){var t=bi(e,"string");return fe(t)=="symbol"?t:t+""}function Qe(e,t,i){return(t=yi(t))in e?Object.defineProperty(e,t,{value:i,enumerable:!0,configurable:!0,writable:!0}):e[t]=i,e}var wi=class{constructor(e){Qe(this,"allowedToPlayAudio",null),this.Reveal=e,this.startEmbeddedMedia=this.startEmbeddedMedia.bind(this),this.startEmbeddedIframe=this.startEmbeddedIframe.bind(this),this.preventIframeAutoFocus=this.preventIframeAutoFocus.bind(this),this.ensureMobileMediaPlaying=this.ensureMobileMediaPlaying.bind(this),this.failedAudioPlaybackTargets=new Set,this.failedVideoPlaybackTargets=new Set,this.failedMutedVideoPlaybackTargets=new Set,this.renderMediaPlayButton()}renderMediaPlayButton(){this.mediaPlayButton=document.createElement("button"),this.mediaPlayButton.className="r-overlay-button r-media-play-button",this.mediaPlayButton.addEventListener("click",()=>{this.resetTemporarilyMutedMedia(),new Set([...this.failedAudioPlaybackTargets,...this.failedVideoPlaybackTargets,...this.failedMutedVideoPlaybackTargets]).forEach(e=>{this.startEmbeddedMedia({target:e})}),this.clearMediaPlaybackErrors()})}shouldPreload(e){if(this.Reveal.isScrollView())return!0;let t=this.Reveal.getConfig().preloadIframes;return typeof t!="boolean"&&(t=e.hasAttribute("data-preload")),t}load(e,t={}){let i=this.Reveal.getConfig().display;if(i.includes("!important")){let n=i.replace(/\s*!important\s*$/,"").trim();e.style.setProperty("display",n,"important")}else e.style.display=i;w(e,"img[data-src], video[data-src], audio[data-src], iframe[data-src]").forEach(n=>{let s=n.tagName==="IFRAME";(!s||this.shouldPreload(n))&&(n.setAttribute("src",n.getAttribute("data-src")),n.setAttribute("data-lazy-loaded",""),n.removeAttribute("data-src"),s&&n.addEventListener("load",this.preventIframeAutoFocus))}),w(e,"video, audio").forEach(n=>{let s=0;w(n,"source[data-src]").forEach(o=>{o.setAttribute("src",o.getAttribute("data-src")),o.removeAttribute("data-src"),o.setAttribute("data-lazy-loaded",""),s+=1}),de&&n.tagName==="VIDEO"&&n.setAttribute("playsinline",""),s>0&&n.load()});let a=e.slideBackgroundElement;if(a){a.style.display="block";let n=e.slideBackgroundContentElement,s=e.getAttribute("data-background-iframe");if(a.hasAttribute("data-loaded")===!1){a.setAttribute("data-loaded","true");let h=e.getAttribute("data-background-image"),u=e.getAttribute("data-background-video"),l=e.hasAttribute("data-background-video-loop"),f=e.hasAttribute("data-background-video-muted");if(h)/^data:/.test(h.trim())?n.style.backgroundImage=`url(${h.trim()})`:n.style.backgroundImage=h.split(",").map(g=>`url(${mi(decodeURI(g.trim()))})`).join(",");else if(u){let g=document.createElement("video");l&&g.setAttribute("loop",""),(f||this.Reveal.isSpeakerNotes())&&(g.muted=!0),de&&g.setAttribute("playsinline",""),u.split(",").forEach(v=>{let k=document.createElement("source");k.setAttribute("src",v);let c=vi(v);c&&k.setAttribute("type",c),g.appendChild(k)}),n.appendChild(g)}else if(s&&t.excludeIframes!==!0){let g=document.createElement("iframe");g.setAttribute("allowfullscreen",""),g.setAttribute("mozallowfullscreen",""),g.setAttribute("webkitallowfullscreen",""),g.setAttribute("allow","autoplay"),g.setAttribute("data-src",s),g.style.width="100%",g.style.height="100%",g.style.maxHeight="100%",g.style.maxWidth="100%",n.appendChild(g)}}let o=n.querySelector("iframe[data-src]");o&&this.shouldPreload(a)&&!/autoplay=(1|true|yes)/gi.test(s)&&o.getAttribute("src")!==s&&o.setAttribute("src",s)}this.layout(e)}layout(e){Array.from(e.querySelectorAll(".r-fit-text")).forEach(t=>{fi(t,{minSize:24,maxSize:this.Reveal.getConfig().height*.8,observeMutations:!1,observeWindow:!1})})}unload(e){e.style.display="none";let t=this.Reveal.getSlideBackground(e);t&&(t.style.display="none",w(t,"iframe[src]").forEach(i=>{i.removeAttribute("src")})),w(e,"video[data-lazy-loaded][src], audio[data-lazy-loaded][src], iframe[data-lazy-loaded][src]").forEach(i=>{i.setAttribute("data-src",i.getAttribute("src")),i.removeAttribute("src")}),w(e,"video[data-lazy-loaded] source[src], audio source[src]").forEach(i=>{i.setAttribute("data-src",i.getAttribute("src")),i.removeAttribute("src")})}formatEmbeddedContent(){let e=(t,i,a)=>{w(this.Reveal.getSlidesElement(),"iframe["+t+'*="'+i+'"]').forEach(n=>{let s=n.getAttribute(t);s&&s.indexOf(a)===-1&&n.setAttribute(t,s+(/\?/.test(s)?"&":"?")+a)})};e("src","youtube.com/embed/","enablejsapi=1"),e("data-src","youtube.com/embed/","enablejsapi=1"),e("src","player.vimeo.com/","api=1"),e("data-src","player.vimeo.com/","api=1")}startEmbeddedContent(e){if(e){let t=this.Reveal.isSpeakerNotes();w(e,'img[src$=".gif"]').forEach(i=>{i.setAttribute("src",i.getAttribute("src"))}),w(e,"video, audio").forEach(i=>{if(j(i,".fragment")&&!j(i,".fragment.visible"))return;let a=this.Reveal.getConfig().autoPlayMedia;if(typeof a!="boolean"&&(a=i.hasAttribute("data-autoplay")||!!j(i,".slide-background")),a&&typeof i.play=="function"){if(t&&!i.muted)return;i.readyState>1?this.startEmbeddedMedia({target:i}):de?(i.addEventListener("canplay",this.ensureMobileMediaPlaying),this.playMediaElement(i)):(i.removeEventListener("loadeddata",this.startEmbeddedMedia),i.addEventListener("loadeddata",this.startEmbeddedMedia))}}),t||(w(e,"iframe[src]").forEach(i=>{j(i,".fragment")&&!j(i,".fragment.visible")||this.startEmbeddedIframe({target:i})}),w(e,"iframe[data-src]").forEach(i=>{j(i,".fragment")&&!j(i,".fragment.visible")||i.getAttribute("src")!==i.getAttribute("data-src")&&(i.removeEventListener("load",this.startEmbeddedIframe),i.addEventListener("load",this.startEmbeddedIframe),i.setAttribute("src",i.getAttribute("data-src")))}))}}ensureMobileMediaPlaying(e){let t=e.target;typeof t.getVideoPlaybackQuality=="function"&&setTimeout(()=>{let i=t.paused===!1,a=t.getVideoPlaybackQuality().totalVideoFrames;i&&a===0&&(t.load(),t.play())},1e3)}startEmbeddedMedia(e){let t=!!j(e.target,"html"),i=!!j(e.target,".present");t&&i&&(e.target.paused||e.target.ended)&&(e.target.currentTime=0,this.playMediaElement(e.target)),e.target.removeEventListener("loadeddata",this.startEmbeddedMedia)}playMediaElement(e){let t=e.play();t&&typeof t.catch=="function"&&t.then(()=>{e.muted||(this.allowedToPlayAudio=!0)}).catch(i=>{if(i.name==="NotAllowedError")if(this.allowedToPlayAudio=!1,e.tagName==="VIDEO"){this.onVideoPlaybackNotAllowed(e);let a=!!j(e,"html"),n=!!j(e,".present"),s=e.muted;a&&n&&!s&&(e.setAttribute("data-muted-by-reveal","true"),e.muted=!0,e.play().catch(()=>{this.onMutedVideoPlaybackNotAllowed(e)}))}else e.tagName==="AUDIO"&&this.onAudioPlaybackNotAllowed(e)})}startEmbeddedIframe(e){let t=e.target;if(this.preventIframeAutoFocus(e),t&&t.contentWindow){let i=!!j(e.target,"html"),a=!!j(e.target,".present");if(i&&a){let n=this.Reveal.getConfig().autoPlayMedia;typeof n!="boolean"&&(n=t.hasAttribute("data-autoplay")||!!j(t,".slide-background")),/youtube\.com\/embed\//.test(t.getAttribute("src"))&&n?t.contentWindow.postMessage('{"event":"command","func":"playVideo","args":""}',"*"):/player\.vimeo\.com\//.test(t.getAttribute("src"))&&n?t.contentWindow.postMessage('{"method":"play"}',"*"):t.contentWindow.postMessage("slide:start","*")}}}stopEmbeddedContent(e,t={}){t=pe({unloadIframes:!0},t),e&&e.parentNode&&(w(e,"video, audio").forEach(i=>{!i.hasAttribute("data-ignore")&&typeof i.pause=="function"&&(i.setAttribute("data-paused-by-reveal",""),i.pause(),de&&i.removeEventListener("canplay",this.ensureMobileMediaPlaying))}),w(e,"iframe").forEach(i=>{i.contentWindow&&i.contentWindow.postMessage("slide:stop","*"),i.removeEventListener("load",this.preventIframeAutoFocus),i.removeEventListener("load",this.startEmbeddedIframe)}),w(e,'iframe[src*="youtube.com/embed/"]').forEach(i=>{!i.hasAttribute("data-ignore")&&i.contentWindow&&typeof i.contentWindow.postMessage=="function"&&i.contentWindow.postMessage('{"event":"command","func":"pauseVideo","args":""}',"*")}),w(e,'iframe[src*="player.vimeo.com/"]').forEach(i=>{!i.hasAttribute("data-ignore")&&i.contentWindow&&typeof i.contentWindow.postMessage=="function"&&i.contentWindow.postMessage('{"method":"pause"}',"*")}),t.unloadIframes===!0&&w(e,"iframe[data-src]").forEach(i=>{i.setAttribute("src","about:blank"),i.removeAttribute("src")}))}isAllowedToPlayAudio(){return this.allowedToPlayAudio}showPlayOrUnmuteButton(){let e=this.failedAudioPlaybackTargets.size,t=this.failedVideoPlaybackTargets.size,i=this.failedMutedVideoPlaybackTargets.size,a="Play media";i>0?a="Play video":t>0?a="Unmute video":e>0&&(a="Play audio"),this.mediaPlayButton.textContent=a,this.Reveal.getRevealElement().appendChild(this.mediaPlayButton)}onAudioPlaybackNotAllowed(e){this.failedAudioPlaybackTargets.add(e),this.showPlayOrUnmuteButton(e)}onVideoPlaybackNotAllowed(e){this.failedVideoPlaybackTargets.add(e),this.showPlayOrUnmuteButton()}onMutedVideoPlaybackNotAllowed(e){this.failedMutedVideoPlaybackTargets.add(e),this.showPlayOrUnmuteButton()}resetTemporarilyMutedMedia(){new Set([...this.failedAudioPlaybackTargets,...this.failedVideoPlaybackTargets,...this.failedMutedVideoPlaybackTargets]).forEach(e=>{e.hasAttribute("data-muted-by-reveal")&&(e.muted=!1,e.removeAttribute("data-muted-by-reveal"))})}clearMediaPlaybackErrors(){this.resetTemporarilyMutedMedia(),this.failedAudioPlaybackTargets.clear(),this.failedVideoPlaybackTargets.clear(),this.failedMutedVideoPlaybackTargets.clear(),this.mediaPlayButton&&this.mediaPlayButton.parentNode&&this.mediaPlayButton.remove()}preventIframeAutoFocus(e){let t=e.target;if(t&&this.Reveal.getConfig().preventIframeAutoFocus){let i=0,a=()=>{document.activeElement===t?document.activeElement.blur():i<1e3&&(i+=100,setTimeout(a,100))};setTimeout(a,100)}}afterSlideChanged(){this.clearMediaPlaybackErrors()}},se=".slides section",ee=".slides>section",We=".slides>section.present>section",ki=".backgrounds>.slide-background",Ai=/registerPlugin|registerKeyboardShortcut|addKeyBinding|addEventListener|showPreview|previewIframe/,Si=class{constructor(e){this.Reveal=e}render(){this.element=document.createElement("div"),this.element.className="slide-number",this.Reveal.getRevealElement().appendChild(this.element)}configure(e,t){let i="none";e.slideNumber&&!this.Reveal.isPrintView()&&(e.showSlideNumber==="all"||e.showSlideNumber==="speaker"&&this.Reveal.isSpeakerNotes())&&(i="block"),this.element.style.display=i}update(){this.Reveal.getConfig().slideNumber&&this.element&&(this.element.innerHTML=this.getSlideNumber())}getSlideNumber(e=this.Reveal.getCurrentSlide()){let t=this.Reveal.getConfig(),i,a="h.v";if(typeof t.slideNumber=="function")i=t.slideNumber(e);else{typeof t.slideNumber=="string"&&(a=t.slideNumber),!/c/.test(a)&&this.Reveal.getHorizontalSlides().length===1&&(a="c");let s=e&&e.dataset.visibility==="uncounted"?0:1;switch(i=[],a){case"c":i.push(this.Reveal.getSlidePastCount(e)+s);break;case"c/t":i.push(this.Reveal.getSlidePastCount(e)+s,"/",this.Reveal.getTotalSlides());break;default:let o=this.Reveal.getIndices(e);i.push(o.h+s);let h=a==="h/v"?"/":".";this.Reveal.isVerticalSlide(e)&&i.push(h,o.v+1)}}let n="#"+this.Reveal.location.getHash(e);return this.formatNumber(i[0],i[1],i[2],n)}formatNumber(e,t,i,a="#"+this.Reveal.location.getHash()){return typeof i=="number"&&!isNaN(i)?`<a href="${a}">
					<span class="slide-number-a">${e}</span>
					<span class="slide-number-delimiter">${t}</span>
					<span class="slide-number-b">${i}</span>
					</a>`:`<a href="${a}">
					<span class="slide-number-a">${e}</span>
					</a>`}destroy(){this.element.remove()}},Ei=class{constructor(e){this.Reveal=e,this.onInput=this.onInput.bind(this),this.onBlur=this.onBlur.bind(this),this.onKeyDown=this.onKeyDown.bind(this)}render(){this.element=document.createElement("div"),this.element.className="jump-to-slide",this.jumpInput=document.createElement("input"),this.jumpInput.type="text",this.jumpInput.className="jump-to-slide-input",this.jumpInput.placeholder="Jump to slide",this.jumpInput.addEventListener("input",this.onInput),this.jumpInput.addEventListener("keydown",this.onKeyDown),this.jumpInput.addEventListener("blur",this.onBlur),this.element.appendChild(this.jumpInput)}show(){this.indicesOnShow=this.Reveal.getIndices(),this.Reveal.getRevealElement().appendChild(this.element),this.jumpInput.focus()}hide(){this.isVisible()&&(this.element.remove(),this.jumpInput.value="",clearTimeout(this.jumpTimeout),delete this.jumpTimeout)}isVisible(){return!!this.element.parentNode}jump(){clearTimeout(this.jumpTimeout),delete this.jumpTimeout;let e=this.jumpInput.value.trim(""),t;if(/^\d+$/.test(e)){let i=this.Reveal.getConfig().slideNumber;if(i==="c"||i==="c/t"){let a=this.Reveal.getSlides()[parseInt(e,10)-1];a&&(t=this.Reveal.getIndices(a))}}return t||(/^\d+\.\d+$/.test(e)&&(e=e.replace(".","/")),t=this.Reveal.location.getIndicesFromHash(e,{oneBasedIndex:!0})),!t&&/\S+/i.test(e)&&e.length>1&&(t=this.search(e)),t&&e!==""?(this.Reveal.slide(t.h,t.v,t.f),!0):(this.Reveal.slide(this.indicesOnShow.h,this.indicesOnShow.v,this.indicesOnShow.f),!1)}jumpAfter(e){clearTimeout(this.jumpTimeout),this.jumpTimeout=setTimeout(()=>this.jump(),e)}search(e){let t=RegExp("\\b"+e.trim()+"\\b","i"),i=this.Reveal.getSlides().find(a=>t.test(a.innerText));return i?this.Reveal.getIndices(i):null}cancel(){this.Reveal.slide(this.indicesOnShow.h,this.indicesOnShow.v,this.indicesOnShow.f),this.hide()}confirm(){this.jump(),this.hide()}destroy(){this.jumpInput.removeEventListener("input",this.onInput),this.jumpInput.removeEventListener("keydown",this.onKeyDown),this.jumpInput.removeEventListener("blur",this.onBlur),this.element.remove()}onKeyDown(e){e.keyCode===13?this.confirm():e.keyCode===27&&(this.cancel(),e.stopImmediatePropagation())}onInput(e){this.jumpAfter(200)}onBlur(){setTimeout(()=>this.hide(),1)}},Je=e=>{let t=e.match(/^#([0-9a-f]{3})$/i);if(t&&t[1]){let s=t[1];return{r:parseInt(s.charAt(0),16)*17,g:parseInt(s.charAt(1),16)*17,b:parseInt(s.charAt(2),16)*17}}let i=e.match(/^#([0-9a-f]{6})$/i);if(i&&i[1]){let s=i[1];return{r:parseInt(s.slice(0,2),16),g:parseInt(s.slice(2,4),16),b:parseInt(s.slice(4,6),16)}}let a=e.match(/^rgb\s*\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)$/i);if(a)return{r:parseInt(a[1],10),g:parseInt(a[2],10),b:parseInt(a[3],10)};let n=e.match(/^rgba\s*\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*([\d]+|[\d]*.[\d]+)\s*\)$/i);return n?{r:parseInt(n[1],10),g:parseInt(n[2],10),b:parseInt(n[3],10),a:parseFloat(n[4])}:null},xi=e=>(typeof e=="string"&&(e=Je(e)),e?(e.r*299+e.g*587+e.b*114)/1e3:null),Ri=class{constructor(e){this.Reveal=e}render(){this.element=document.createElement("div"),this.element.className="backgrounds",this.Reveal.getRevealElement().appendChild(this.element)}create(){this.element.innerHTML="",this.element.classList.add("no-transition"),this.Reveal.getHorizontalSlides().forEach(e=>{let t=this.createBackground(e,this.element);w(e,"section").forEach(i=>{this.createBackground(i,t),t.classList.add("stack")})}),this.Reveal.getConfig().parallaxBackgroundImage?(this.element.style.backgroundImage='url("'+this.Reveal.getConfig().parallaxBackgroundImage+'")',this.element.style.backgroundSize=this.Reveal.getConfig().parallaxBackgroundSize,this.element.style.backgroundRepeat=this.Reveal.getConfig().parallaxBackgroundRepeat,this.element.style.backgroundPosition=this.Reveal.getConfig().parallaxBackgroundPosition,setTimeout(()=>{this.Reveal.getRevealElement().classList.add("has-parallax-background")},1)):(this.element.style.backgroundImage="",this.Reveal.getRevealElement().classList.remove("has-parallax-background"))}createBackground(e,t){let i=document.createElement("div");i.className="slide-background "+e.className.replace(/present|past|future/,"");let a=document.createElement("div");return a.className="slide-background-content",i.appendChild(a),t.appendChild(i),e.slideBackgroundElement=i,e.slideBackgroundContentElement=a,this.sync(e),i}sync(e){let t=e.slideBackgroundElement,i=e.slideBackgroundContentElement,a={background:e.getAttribute("data-background"),backgroundSize:e.getAttribute("data-background-size"),backgroundImage:e.getAttribute("data-background-image"),backgroundVideo:e.getAttribute("data-background-video"),backgroundIframe:e.getAttribute("data-background-iframe"),backgroundColor:e.getAttribute("data-background-color"),backgroundGradient:e.getAttribute("data-background-gradient"),backgroundRepeat:e.getAttribute("data-background-repeat"),backgroundPosition:e.getAttribute("data-background-position"),backgroundTransition:e.getAttribute("data-background-transition"),backgroundOpacity:e.getAttribute("data-background-opacity")},n=e.hasAttribute("data-preload");e.classList.remove("has-dark-background"),e.classList.remove("has-light-background"),t.removeAttribute("data-loaded"),t.removeAttribute("data-background-hash"),t.removeAttribute("data-background-size"),t.removeAttribute("data-background-transition"),t.style.backgroundColor="",i.style.backgroundSize="",i.style.backgroundRepeat="",i.style.backgroundPosition="",i.style.backgroundImage="",i.style.opacity="",i.innerHTML="",a.background&&(/^(http|file|\/\/)/gi.test(a.background)||/\.(svg|png|jpg|jpeg|gif|bmp|webp)([?#\s]|$)/gi.test(a.background)?e.setAttribute("data-background-image",a.background):t.style.background=a.background),(a.background||a.backgroundColor||a.backgroundGradient||a.backgroundImage||a.backgroundVideo||a.backgroundIframe)&&t.setAttribute("data-background-hash",a.background+a.backgroundSize+a.backgroundImage+a.backgroundVideo+a.backgroundIframe+a.backgroundColor+a.backgroundGradient+a.backgroundRepeat+a.backgroundPosition+a.backgroundTransition+a.backgroundOpacity),a.backgroundSize&&t.setAttribute("data-background-size",a.backgroundSize),a.backgroundColor&&(t.style.backgroundColor=a.backgroundColor),a.backgroundGradient&&(t.style.backgroundImage=a.backgroundGradient),a.backgroundTransition&&t.setAttribute("data-background-transition",a.backgroundTransition),n&&t.setAttribute("data-preload",""),a.backgroundSize&&(i.style.backgroundSize=a.backgroundSize),a.backgroundRepeat&&(i.style.backgroundRepeat=a.backgroundRepeat),a.backgroundPosition&&(i.style.backgroundPosition=a.backgroundPosition),a.backgroundOpacity&&(i.style.opacity=a.backgroundOpacity);let s=this.getContrastClass(e);typeof s=="string"&&e.classList.add(s)}getContrastClass(e){let t=e.slideBackgroundElement,i=e.getAttribute("data-background-color");if(!i||!Je(i)){let a=window.getComputedStyle(t);a&&a.backgroundColor&&(i=a.backgroundColor)}if(i){let a=Je(i);if(a&&a.a!==0)return xi(i)<128?"has-dark-background":"has-light-background"}return null}bubbleSlideContrastClassToElement(e,t){["has-light-background","has-dark-background"].forEach(i=>{e.classList.contains(i)?t.classList.add(i):t.classList.remove(i)},this)}update(e=!1){let t=this.Reveal.getConfig(),i=this.Reveal.getCurrentSlide(),a=this.Reveal.getIndices(),n=null,s=t.rtl?"future":"past",o=t.rtl?"past":"future";if(Array.from(this.element.childNodes).forEach((u,l)=>{u.classList.remove("past","present","future"),l<a.h?u.classList.add(s):l>a.h?u.classList.add(o):(u.classList.add("present"),n=u),(e||l===a.h)&&w(u,".slide-background").forEach((f,g)=>{f.classList.remove("past","present","future");let v=typeof a.v=="number"?a.v:0;g<v?f.classList.add("past"):g>v?f.classList.add("future"):(f.classList.add("present"),l===a.h&&(n=f))})}),this.previousBackground&&!this.previousBackground.closest("body")&&(this.previousBackground=null),n&&this.previousBackground){let u=this.previousBackground.getAttribute("data-background-hash"),l=n.getAttribute("data-background-hash");if(l&&l===u&&n!==this.previousBackground){this.element.classList.add("no-transition");let f=n.querySelector("video"),g=this.previousBackground.querySelector("video");if(f&&g){let v=f.parentNode;g.parentNode.appendChild(f),v.appendChild(g)}}}let h=n!==this.previousBackground;if(h&&this.previousBackground&&this.Reveal.slideContent.stopEmbeddedContent(this.previousBackground,{unloadIframes:!this.Reveal.slideContent.shouldPreload(this.previousBackground)}),h&&n){this.Reveal.slideContent.startEmbeddedContent(n);let u=n.querySelector(".slide-background-content");if(u){let l=u.style.backgroundImage||"";/\.gif/i.test(l)&&(u.style.backgroundImage="",window.getComputedStyle(u).opacity,u.style.backgroundImage=l)}this.previousBackground=n}i&&this.bubbleSlideContrastClassToElement(i,this.Reveal.getRevealElement()),setTimeout(()=>{this.element.classList.remove("no-transition")},10)}updateParallax(){let e=this.Reveal.getIndices();if(this.Reveal.getConfig().parallaxBackgroundImage){let t=this.Reveal.getHorizontalSlides(),i=this.Reveal.getVerticalSlides(),a=this.element.style.backgroundSize.split(" "),n,s;a.length===1?n=s=parseInt(a[0],10):(n=parseInt(a[0],10),s=parseInt(a[1],10));let o=this.element.offsetWidth,h=t.length,u,l;u=typeof this.Reveal.getConfig().parallaxBackgroundHorizontal=="number"?this.Reveal.getConfig().parallaxBackgroundHorizontal:h>1?(n-o)/(h-1):0,l=u*e.h*-1;let f=this.element.offsetHeight,g=i.length,v,k;v=typeof this.Reveal.getConfig().parallaxBackgroundVertical=="number"?this.Reveal.getConfig().parallaxBackgroundVertical:(s-f)/(g-1),k=g>0?v*e.v:0,this.element.style.backgroundPosition=l+"px "+-k+"px"}}destroy(){this.element.remove()}},Pt=0,Ci=class{constructor(e){this.Reveal=e}run(e,t){this.reset();let i=this.Reveal.getSlides(),a=i.indexOf(t),n=i.indexOf(e);if(e&&t&&e.hasAttribute("data-auto-animate")&&t.hasAttribute("data-auto-animate")&&e.getAttribute("data-auto-animate-id")===t.getAttribute("data-auto-animate-id")&&!(a>n?t:e).hasAttribute("data-auto-animate-restart")){this.autoAnimateStyleSheet=this.autoAnimateStyleSheet||Ye();let s=this.getAutoAnimateOptions(t);e.dataset.autoAnimate="pending",t.dataset.autoAnimate="pending",s.slideDirection=a>n?"forward":"backward";let o=e.style.display==="none";o&&(e.style.display=this.Reveal.getConfig().display);let h=this.getAutoAnimatableElements(e,t).map(u=>this.autoAnimateElements(u.from,u.to,u.options||{},s,Pt++));if(o&&(e.style.display="none"),t.dataset.autoAnimateUnmatched!=="false"&&this.Reveal.getConfig().autoAnimateUnmatched===!0){let u=s.duration*.8,l=s.duration*.2;this.getUnmatchedAutoAnimateElements(t).forEach(f=>{let g=this.getAutoAnimateOptions(f,s),v="unmatched";(g.duration!==s.duration||g.delay!==s.delay)&&(v="unmatched-"+Pt++,h.push(`[data-auto-animate="running"] [data-auto-animate-target="${v}"] { transition: opacity ${g.duration}s ease ${g.delay}s; }`)),f.dataset.autoAnimateTarget=v},this),h.push(`[data-auto-animate="running"] [data-auto-animate-target="unmatched"] { transition: opacity ${u}s ease ${l}s; }`)}this.autoAnimateStyleSheet.innerHTML=h.join(""),requestAnimationFrame(()=>{this.autoAnimateStyleSheet&&(getComputedStyle(this.autoAnimateStyleSheet).fontWeight,t.dataset.autoAnimate="running")}),this.Reveal.dispatchEvent({type:"autoanimate",data:{fromSlide:e,toSlide:t,sheet:this.autoAnimateStyleSheet}})}}reset(){w(this.Reveal.getRevealElement(),'[data-auto-animate]:not([data-auto-animate=""])').forEach(e=>{e.dataset.autoAnimate=""}),w(this.Reveal.getRevealElement(),"[data-auto-animate-target]").forEach(e=>{delete e.dataset.autoAnimateTarget}),this.autoAnimateStyleSheet&&this.autoAnimateStyleSheet.parentNode&&(this.autoAnimateStyleSheet.parentNode.removeChild(this.autoAnimateStyleSheet),this.autoAnimateStyleSheet=null)}autoAnimateElements(e,t,i,a,n){e.dataset.autoAnimateTarget="",t.dataset.autoAnimateTarget=n;let s=this.getAutoAnimateOptions(t,a);i.delay!==void 0&&(s.delay=i.delay),i.duration!==void 0&&(s.duration=i.duration),i.easing!==void 0&&(s.easing=i.easing);let o=this.getAutoAnimatableProperties("from",e,i),h=this.getAutoAnimatableProperties("to",t,i);if(t.classList.contains("fragment")&&delete h.styles.opacity,i.translate!==!1||i.scale!==!1){let f=this.Reveal.getScale(),g={x:(o.x-h.x)/f,y:(o.y-h.y)/f,scaleX:o.width/h.width,scaleY:o.height/h.height};g.x=Math.round(g.x*1e3)/1e3,g.y=Math.round(g.y*1e3)/1e3,g.scaleX=Math.round(g.scaleX*1e3)/1e3,g.scaleX=Math.round(g.scaleX*1e3)/1e3;let v=i.translate!==!1&&(g.x!==0||g.y!==0),k=i.scale!==!1&&(g.scaleX!==0||g.scaleY!==0);if(v||k){let c=[];v&&c.push(`translate(${g.x}px, ${g.y}px)`),k&&c.push(`scale(${g.scaleX}, ${g.scaleY})`),o.styles.transform=c.join(" "),o.styles["transform-origin"]="top left",h.styles.transform="none"}}for(let f in h.styles){let g=h.styles[f],v=o.styles[f];g===v?delete h.styles[f]:(g.explicitValue===!0&&(h.styles[f]=g.value),v.explicitValue===!0&&(o.styles[f]=v.value))}let u="",l=Object.keys(h.styles);if(l.length>0){o.styles.transition="none",h.styles.transition=`all ${s.duration}s ${s.easing} ${s.delay}s`,h.styles["transition-property"]=l.join(", "),h.styles["will-change"]=l.join(", ");let f=Object.keys(o.styles).map(v=>v+": "+o.styles[v]+" !important;").join(""),g=Object.keys(h.styles).map(v=>v+": "+h.styles[v]+" !important;").join("");u='[data-auto-animate-target="'+n+'"] {'+f+'}[data-auto-animate="running"] [data-auto-animate-target="'+n+'"] {'+g+"}"}return u}getAutoAnimateOptions(e,t){let i={easing:this.Reveal.getConfig().autoAnimateEasing,duration:this.Reveal.getConfig().autoAnimateDuration,delay:0};if(i=pe(i,t),e.parentNode){let a=j(e.parentNode,"[data-auto-animate-target]");a&&(i=this.getAutoAnimateOptions(a,i))}return e.dataset.autoAnimateEasing&&(i.easing=e.dataset.autoAnimateEasing),e.dataset.autoAnimateDuration&&(i.duration=parseFloat(e.dataset.autoAnimateDuration)),e.dataset.autoAnimateDelay&&(i.delay=parseFloat(e.dataset.autoAnimateDelay)),i}getAutoAnimatableProperties(e,t,i){let a=this.Reveal.getConfig(),n={styles:[]};if(i.translate!==!1||i.scale!==!1){let o;if(typeof i.measure=="function")o=i.measure(t);else if(a.center)o=t.getBoundingClientRect();else{let h=this.Reveal.getScale();o={x:t.offsetLeft*h,y:t.offsetTop*h,width:t.offsetWidth*h,height:t.offsetHeight*h}}n.x=o.x,n.y=o.y,n.width=o.width,n.height=o.height}let s=getComputedStyle(t);return(i.styles||a.autoAnimateStyles).forEach(o=>{let h;typeof o=="string"&&(o={property:o}),o.from!==void 0&&e==="from"?h={value:o.from,explicitValue:!0}:o.to!==void 0&&e==="to"?h={value:o.to,explicitValue:!0}:(o.property==="line-height"&&(h=parseFloat(s["line-height"])/parseFloat(s["font-size"])),isNaN(h)&&(h=s[o.property])),h!==""&&(n.styles[o.property]=h)}),n}getAutoAnimatableElements(e,t){let i=(typeof this.Reveal.getConfig().autoAnimateMatcher=="function"?this.Reveal.getConfig().autoAnimateMatcher:this.getAutoAnimatePairs).call(this,e,t),a=[];return i.filter((n,s)=>{if(a.indexOf(n.to)===-1)return a.push(n.to),!0})}getAutoAnimatePairs(e,t){let i=[],a="h1, h2, h3, h4, h5, h6, p, li";return this.findAutoAnimateMatches(i,e,t,"[data-id]",n=>n.nodeName+":::"+n.getAttribute("data-id")),this.findAutoAnimateMatches(i,e,t,a,n=>n.nodeName+":::"+n.textContent.trim()),this.findAutoAnimateMatches(i,e,t,"img, video, iframe",n=>n.nodeName+":::"+(n.getAttribute("src")||n.getAttribute("data-src"))),this.findAutoAnimateMatches(i,e,t,"pre",n=>n.nodeName+":::"+n.textContent.trim()),i.forEach(n=>{Te(n.from,a)?n.options={scale:!1}:Te(n.from,"pre")&&(n.options={scale:!1,styles:["width","height"]},this.findAutoAnimateMatches(i,n.from,n.to,".hljs .hljs-ln-code",s=>s.textContent,{scale:!1,styles:[],measure:this.getLocalBoundingBox.bind(this)}),this.findAutoAnimateMatches(i,n.from,n.to,".hljs .hljs-ln-numbers[data-line-number]",s=>s.getAttribute("data-line-number"),{scale:!1,styles:["width"],measure:this.getLocalBoundingBox.bind(this)}))},this),i}getLocalBoundingBox(e){let t=this.Reveal.getScale();return{x:Math.round(e.offsetLeft*t*100)/100,y:Math.round(e.offsetTop*t*100)/100,width:Math.round(e.offsetWidth*t*100)/100,height:Math.round(e.offsetHeight*t*100)/100}}findAutoAnimateMatches(e,t,i,a,n,s){let o={},h={};[].slice.call(t.querySelectorAll(a)).forEach((u,l)=>{let f=n(u);typeof f=="string"&&f.length&&(o[f]=o[f]||[],o[f].push(u))}),[].slice.call(i.querySelectorAll(a)).forEach((u,l)=>{let f=n(u);h[f]=h[f]||[],h[f].push(u);let g;if(o[f]){let v=h[f].length-1,k=o[f].length-1;o[f][v]?(g=o[f][v],o[f][v]=null):o[f][k]&&(g=o[f][k],o[f][k]=null)}g&&e.push({from:g,to:u,options:s})})}getUnmatchedAutoAnimateElements(e){return[].slice.call(e.children).reduce((t,i)=>{let a=i.querySelector("[data-auto-animate-target]");return!i.hasAttribute("data-auto-animate-target")&&!a&&t.push(i),i.querySelector("[data-auto-animate-target]")&&(t=t.concat(this.getUnmatchedAutoAnimateElements(i))),t},[])}},Li=500,Pi=4,Ti=6,Ii=8,Mi=class{constructor(e){this.Reveal=e,this.active=!1,this.activeProgressBarPage=null,this.activeProgressBarTrigger=null,this.activatedCallbacks=[],this.onScroll=this.onScroll.bind(this)}activate(){if(this.active)return;let e=this.Reveal.getState();this.active=!0,this.slideHTMLBeforeActivation=this.Reveal.getSlidesElement().innerHTML;let t=w(this.Reveal.getRevealElement(),ee),i=w(this.Reveal.getRevealElement(),ki);this.viewportElement.classList.add("loading-scroll-mode","reveal-scroll");let a,n=window.getComputedStyle(this.viewportElement);n&&n.background&&(a=n.background);let s=[],o=t[0].parentNode,h,u=(l,f,g,v)=>{let k;if(h&&this.Reveal.shouldAutoAnimateBetween(h,l))k=document.createElement("div"),k.className="scroll-page-content scroll-auto-animate-page",k.style.display="none",h.closest(".scroll-page-content").parentNode.appendChild(k);else{let c=document.createElement("div");if(c.className="scroll-page",s.push(c),v&&i.length>f){let P=i[f],q=window.getComputedStyle(P);q&&q.background?c.style.background=q.background:a&&(c.style.background=a)}else a&&(c.style.background=a);let S=document.createElement("div");S.className="scroll-page-sticky",c.appendChild(S),k=document.createElement("div"),k.className="scroll-page-content",S.appendChild(k)}k.appendChild(l),l.classList.remove("past","future"),l.removeAttribute("inert"),l.setAttribute("data-index-h",f),l.setAttribute("data-index-v",g),l.slideBackgroundElement&&(l.slideBackgroundElement.remove("past","future"),k.insertBefore(l.slideBackgroundElement,l)),h=l};t.forEach((l,f)=>{this.Reveal.isVerticalStack(l)?l.querySelectorAll("section").forEach((g,v)=>{u(g,f,v,!0)}):u(l,f,0)},this),this.createProgressBar(),w(this.Reveal.getRevealElement(),".stack").forEach(l=>l.remove()),s.forEach(l=>o.appendChild(l)),this.Reveal.slideContent.layout(this.Reveal.getSlidesElement()),this.Reveal.layout(),this.Reveal.setState(e),this.activatedCallbacks.forEach(l=>l()),this.activatedCallbacks=[],this.restoreScrollPosition(),this.viewportElement.classList.remove("loading-scroll-mode"),this.viewportElement.addEventListener("scroll",this.onScroll,{passive:!0})}deactivate(){if(!this.active)return;let e=this.Reveal.getState();this.active=!1,this.viewportElement.removeEventListener("scroll",this.onScroll),this.viewportElement.classList.remove("reveal-scroll"),this.pendingScrollRaf&&(cancelAnimationFrame(this.pendingScrollRaf),this.pendingScrollRaf=0),this.removeProgressBar(),this.Reveal.getSlidesElement().innerHTML=this.slideHTMLBeforeActivation,this.Reveal.sync(),this.Reveal.setState(e),this.slideHTMLBeforeActivation=null}toggle(e){typeof e=="boolean"?e?this.activate():this.deactivate():this.isActive()?this.deactivate():this.activate()}isActive(){return this.active}createProgressBar(){this.progressBar=document.createElement("div"),this.progressBar.className="scrollbar",this.progressBarInner=document.createElement("div"),this.progressBarInner.className="scrollbar-inner",this.progressBar.appendChild(this.progressBarInner),this.progressBarPlayhead=document.createElement("div"),this.progressBarPlayhead.className="scrollbar-playhead",this.progressBarInner.appendChild(this.progressBarPlayhead),this.viewportElement.insertBefore(this.progressBar,this.viewportElement.firstChild);let e=i=>{let a=(i.clientY-this.progressBarInner.getBoundingClientRect().top)/this.progressBarHeight;a=Math.max(Math.min(a,1),0),this.viewportElement.scrollTop=a*(this.viewportElement.scrollHeight-this.viewportElement.offsetHeight)},t=i=>{this.draggingProgressBar=!1,this.showProgressBar(),document.removeEventListener("mousemove",e),document.removeEventListener("mouseup",t)};this.progressBarInner.addEventListener("mousedown",i=>{i.preventDefault(),this.draggingProgressBar=!0,document.addEventListener("mousemove",e),document.addEventListener("mouseup",t),e(i)})}removeProgressBar(){this.progressBar&&(this.progressBar.remove(),this.progressBar=null),this.activeProgressBarPage=null,this.activeProgressBarTrigger=null}layout(){this.isActive()&&(this.syncPages(),this.syncScrollPosition())}syncPages(){let e=this.Reveal.getConfig(),t=this.Reveal.getComputedSlideSize(window.innerWidth,window.innerHeight),i=this.Reveal.getScale(),a=e.scrollLayout==="compact",n=this.viewportElement.offsetHeight,s=t.height*i,o=a?s:n;this.scrollTriggerHeight=a?s:n,this.viewportElement.style.setProperty("--page-height",o+"px"),this.viewportElement.style.scrollSnapType=typeof e.scrollSnap=="string"?`y ${e.scrollSnap}`:"",this.slideTriggers=[];let h=Array.from(this.Reveal.getRevealElement().querySelectorAll(".scroll-page"));this.pages=h.map(u=>{let l=this.createPage({pageElement:u,slideElement:u.querySelector("section"),stickyElement:u.querySelector(".scroll-page-sticky"),contentElement:u.querySelector(".scroll-page-content"),backgroundElement:u.querySelector(".slide-background"),autoAnimateElements:u.querySelectorAll(".scroll-auto-animate-page"),autoAnimatePages:[]});l.pageElement.style.setProperty("--slide-height",e.center===!0?"auto":t.height+"px"),this.slideTriggers.push({page:l,activate:()=>this.activatePage(l),deactivate:()=>this.deactivatePage(l)}),this.createFragmentTriggersForPage(l),l.autoAnimateElements.length>0&&this.createAutoAnimateTriggersForPage(l);let f=Math.max(l.scrollTriggers.length-1,0);f+=l.autoAnimatePages.reduce((g,v)=>g+Math.max(v.scrollTriggers.length-1,0),l.autoAnimatePages.length),l.pageElement.querySelectorAll(".scroll-snap-point").forEach(g=>g.remove());for(let g=0;g<f+1;g++){let v=document.createElement("div");v.className="scroll-snap-point",v.style.height=this.scrollTriggerHeight+"px",v.style.scrollSnapAlign=a?"center":"start",l.pageElement.appendChild(v),g===0&&(v.style.marginTop=-this.scrollTriggerHeight+"px")}return a&&l.scrollTriggers.length>0?(l.pageHeight=n,l.pageElement.style.setProperty("--page-height",n+"px")):(l.pageHeight=o,l.pageElement.style.removeProperty("--page-height")),l.scrollPadding=this.scrollTriggerHeight*f,l.totalHeight=l.pageHeight+l.scrollPadding,l.pageElement.style.setProperty("--page-scroll-padding",l.scrollPadding+"px"),f>0?(l.stickyElement.style.position="sticky",l.stickyElement.style.top=Math.max((n-l.pageHeight)/2,0)+"px"):(l.stickyElement.style.position="relative",l.pageElement.style.scrollSnapAlign=l.pageHeight<n?"center":"start"),l}),this.setTriggerRanges(),this.viewportElement.setAttribute("data-scrollbar",e.scrollProgress),e.scrollProgress&&this.totalScrollTriggerCount>1?(this.progressBar||this.createProgressBar(),this.syncProgressBar()):this.removeProgressBar()}setTriggerRanges(){this.totalScrollTriggerCount=this.slideTriggers.reduce((t,i)=>t+Math.max(i.page.scrollTriggers.length,1),0);let e=0;this.slideTriggers.forEach((t,i)=>{t.range=[e,e+Math.max(t.page.scrollTriggers.length,1)/this.totalScrollTriggerCount];let a=(t.range[1]-t.range[0])/t.page.scrollTriggers.length;t.page.scrollTriggers.forEach((n,s)=>{n.range=[e+s*a,e+(s+1)*a]}),e=t.range[1]}),this.slideTriggers[this.slideTriggers.length-1].range[1]=1}createFragmentTriggersForPage(e,t){t=t||e.slideElement;let i=this.Reveal.fragments.sort(t.querySelectorAll(".fragment"),!0);return i.length&&(e.fragments=this.Reveal.fragments.sort(t.querySelectorAll(".fragment:not(.disabled)")),e.scrollTriggers.push({activate:()=>{this.Reveal.fragments.update(-1,e.fragments,t)}}),i.forEach((a,n)=>{e.scrollTriggers.push({activate:()=>{this.Reveal.fragments.update(n,e.fragments,t)}})})),e.scrollTriggers.length}createAutoAnimateTriggersForPage(e){e.autoAnimateElements.length>0&&this.slideTriggers.push(...Array.from(e.autoAnimateElements).map((t,i)=>{let a=this.createPage({slideElement:t.querySelector("section"),contentElement:t,backgroundElement:t.querySelector(".slide-background")});return this.createFragmentTriggersForPage(a,a.slideElement),e.autoAnimatePages.push(a),{page:a,activate:()=>this.activatePage(a),deactivate:()=>this.deactivatePage(a)}}))}createPage(e){return e.scrollTriggers=[],e.indexh=parseInt(e.slideElement.getAttribute("data-index-h"),10),e.indexv=parseInt(e.slideElement.getAttribute("data-index-v"),10),e}syncProgressBar(){this.progressBarInner.querySelectorAll(".scrollbar-slide").forEach(s=>s.remove()),this.activeProgressBarPage=null,this.activeProgressBarTrigger=null,this.getAllPages().forEach(s=>{s.progressBarSlide=null,s.scrollTriggers.forEach(o=>o.progressBarElement=null)});let e=this.viewportElement.scrollHeight,t=this.viewportElement.offsetHeight,i=t/e;this.progressBarHeight=this.progressBarInner.offsetHeight,this.playheadHeight=Math.max(i*this.progressBarHeight,Ii),this.progressBarScrollableHeight=this.progressBarHeight-this.playheadHeight;let a=t/e*this.progressBarHeight,n=Math.min(a/8,Pi);this.progressBarPlayhead.style.height=this.playheadHeight-n+"px",a>Ti&&this.slideTriggers.forEach(s=>{let{page:o}=s;o.progressBarSlide=document.createElement("div"),o.progressBarSlide.className="scrollbar-slide",o.progressBarSlide.style.top=s.range[0]*this.progressBarHeight+"px",o.progressBarSlide.style.height=(s.range[1]-s.range[0])*this.progressBarHeight-n+"px",o.progressBarSlide.classList.toggle("has-triggers",o.scrollTriggers.length>0),this.progressBarInner.appendChild(o.progressBarSlide),o.scrollTriggers.forEach((h,u)=>{let l=document.createElement("div");l.className="scrollbar-trigger",l.style.top=(h.range[0]-s.range[0])*this.progressBarHeight+"px",l.style.height=(h.range[1]-h.range[0])*this.progressBarHeight-n+"px",o.progressBarSlide.appendChild(l),u===0&&(l.style.display="none"),h.progressBarElement=l})})}syncScrollPosition(){let e=this.viewportElement.offsetHeight,t=e/this.viewportElement.scrollHeight,i=this.viewportElement.scrollTop,a=this.viewportElement.scrollHeight-e,n=Math.max(Math.min(i/a,1),0),s=Math.max(Math.min((i+e/2)/this.viewportElement.scrollHeight,1),0),o,h=null;this.slideTriggers.forEach(u=>{let{page:l}=u,f=n>=u.range[0]-t*2&&n<=u.range[1]+t*2;f&&!l.loaded?(l.loaded=!0,this.Reveal.slideContent.load(l.slideElement)):!f&&l.loaded&&(l.loaded=!1,this.Reveal.slideContent.unload(l.slideElement)),n>=u.range[0]&&n<=u.range[1]?(this.activateTrigger(u),o=u.page):u.active&&this.deactivateTrigger(u)}),o&&o.scrollTriggers.forEach(u=>{s>=u.range[0]&&s<=u.range[1]?(this.activateTrigger(u),h=u):u.active&&this.deactivateTrigger(u)}),this.setProgressBarValue(i/(this.viewportElement.scrollHeight-e),o,h)}setProgressBarValue(e,t=null,i=null){if(this.progressBar){if(this.progressBarPlayhead.style.transform=`translateY(${e*this.progressBarScrollableHeight}px)`,this.activeProgressBarPage!==t){var a,n;(a=this.activeProgressBarPage)==null||(a=a.progressBarSlide)==null||a.classList.remove("active"),t==null||(n=t.progressBarSlide)==null||n.classList.add("active"),this.activeProgressBarPage=t}if(this.activeProgressBarTrigger!==i){var s,o;(s=this.activeProgressBarTrigger)==null||(s=s.progressBarElement)==null||s.classList.remove("active"),i==null||(o=i.progressBarElement)==null||o.classList.add("active"),this.activeProgressBarTrigger=i}this.showProgressBar()}}showProgressBar(){this.progressBar.classList.add("visible"),clearTimeout(this.hideProgressBarTimeout),this.Reveal.getConfig().scrollProgress==="auto"&&!this.draggingProgressBar&&(this.hideProgressBarTimeout=setTimeout(()=>{this.progressBar&&this.progressBar.classList.remove("visible")},Li))}prev(){this.viewportElement.scrollTop-=this.scrollTriggerHeight}next(){this.viewportElement.scrollTop+=this.scrollTriggerHeight}scrollToSlide(e){if(!this.active)this.activatedCallbacks.push(()=>this.scrollToSlide(e));else{let t=this.getScrollTriggerBySlide(e);t&&(this.viewportElement.scrollTop=t.range[0]*(this.viewportElement.scrollHeight-this.viewportElement.offsetHeight))}}storeScrollPosition(){clearTimeout(this.storeScrollPositionTimeout),this.storeScrollPositionTimeout=setTimeout(()=>{sessionStorage.setItem("reveal-scroll-top",this.viewportElement.scrollTop),sessionStorage.setItem("reveal-scroll-origin",location.origin+location.pathname),this.storeScrollPositionTimeout=null},50)}restoreScrollPosition(){let e=sessionStorage.getItem("reveal-scroll-top"),t=sessionStorage.getItem("reveal-scroll-origin");e&&t===location.origin+location.pathname&&(this.viewportElement.scrollTop=parseInt(e,10))}activatePage(e){if(!e.active){e.active=!0;let{slideElement:t,backgroundElement:i,contentElement:a,indexh:n,indexv:s}=e;a.style.display="block",t.classList.add("present"),i&&i.classList.add("present"),this.Reveal.setCurrentScrollPage(t,n,s),this.Reveal.backgrounds.bubbleSlideContrastClassToElement(t,this.viewportElement),Array.from(a.parentNode.querySelectorAll(".scroll-page-content")).forEach(o=>{o!==a&&(o.style.display="none")})}}deactivatePage(e){e.active&&(e.active=!1,e.slideElement&&e.slideElement.classList.remove("present"),e.backgroundElement&&e.backgroundElement.classList.remove("present"))}activateTrigger(e){e.active||(e.active=!0,e.activate())}deactivateTrigger(e){e.active&&(e.active=!1,e.deactivate&&e.deactivate())}getSlideByIndices(e,t){let i=this.getAllPages().find(a=>a.indexh===e&&a.indexv===t);return i?i.slideElement:null}getScrollTriggerBySlide(e){return this.slideTriggers.find(t=>t.page.slideElement===e)}getAllPages(){return this.pages.flatMap(e=>[e,...e.autoAnimatePages||[]])}onScroll(){this.pendingScrollRaf||(this.pendingScrollRaf=requestAnimationFrame(()=>{this.pendingScrollRaf=0,this.syncScrollPosition(),this.storeScrollPosition()}))}get viewportElement(){return this.Reveal.getViewportElement()}};function Tt(e,t,i,a,n,s,o){try{var h=e[s](o),u=h.value}catch(l){i(l);return}h.done?t(u):Promise.resolve(u).then(a,n)}function Ni(e){return function(){var t=this,i=arguments;return new Promise(function(a,n){var s=e.apply(t,i);function o(u){Tt(s,a,n,o,h,"next",u)}function h(u){Tt(s,a,n,o,h,"throw",u)}o(void 0)})}}var Bi=class{constructor(e){this.Reveal=e}activate(){var e=this;return Ni(function*(){let t=e.Reveal.getConfig(),i=w(e.Reveal.getRevealElement(),se),a=t.slideNumber&&/all|print/i.test(t.showSlideNumber),n=e.Reveal.getComputedSlideSize(window.innerWidth,window.innerHeight),s=Math.floor(n.width*(1+t.margin)),o=Math.floor(n.height*(1+t.margin)),h=n.width,u=n.height;yield new Promise(requestAnimationFrame),Ye("@page{size:"+s+"px "+o+"px; margin: 0px;}"),Ye(".reveal section>img, .reveal section>video, .reveal section>iframe{max-width: "+h+"px; max-height:"+u+"px}"),document.documentElement.classList.add("reveal-print","print-pdf"),document.body.style.width=s+"px",document.body.style.height=o+"px";let l=e.Reveal.getViewportElement(),f;if(l){let S=window.getComputedStyle(l);S&&S.background&&(f=S.background)}yield new Promise(requestAnimationFrame),e.Reveal.layoutSlideContents(h,u),yield new Promise(requestAnimationFrame);let g=i.map(S=>S.scrollHeight),v=[],k=i[0].parentNode,c=1;i.forEach(function(S,P){if(S.classList.contains("stack")===!1){let q=(s-h)/2,Q=(o-u)/2,oe=g[P],V=Math.max(Math.ceil(oe/o),1);V=Math.min(V,t.pdfMaxPagesPerSlide),(V===1&&t.center||S.classList.contains("center"))&&(Q=Math.max((o-oe)/2,0));let E=document.createElement("div");if(v.push(E),E.className="pdf-page",E.style.height=(o+t.pdfPageHeightOffset)*V+"px",f&&(E.style.background=f),E.appendChild(S),S.style.left=q+"px",S.style.top=Q+"px",S.style.width=h+"px",this.Reveal.slideContent.layout(S),S.slideBackgroundElement&&E.insertBefore(S.slideBackgroundElement,S),t.showNotes){let I=this.Reveal.getSlideNotes(S);if(I){let U=typeof t.showNotes=="string"?t.showNotes:"inline",M=document.createElement("div");M.classList.add("speaker-notes"),M.classList.add("speaker-notes-pdf"),M.setAttribute("data-layout",U),M.innerHTML=I,U==="separate-page"?v.push(M):(M.style.left="8px",M.style.bottom="8px",M.style.width=s-16+"px",E.appendChild(M))}}if(a){let I=document.createElement("div");I.classList.add("slide-number"),I.classList.add("slide-number-pdf"),I.innerHTML=c++,E.appendChild(I)}if(t.pdfSeparateFragments){let I=this.Reveal.fragments.sort(E.querySelectorAll(".fragment"),!0),U;I.forEach(function(M,D){U&&U.forEach(function(O){O.classList.remove("current-fragment")}),M.forEach(function(O){O.classList.add("visible","current-fragment")},this);let x=E.cloneNode(!0);if(a){let O=x.querySelector(".slide-number-pdf"),R=D+1;O.innerHTML+="."+R}v.push(x),U=M},this),I.forEach(function(M){M.forEach(function(D){D.classList.remove("visible","current-fragment")})})}else w(E,".fragment:not(.fade-out)").forEach(function(I){I.classList.add("visible")})}},e),yield new Promise(requestAnimationFrame),v.forEach(S=>k.appendChild(S)),e.Reveal.slideContent.layout(e.Reveal.getSlidesElement()),e.Reveal.dispatchEvent({type:"pdf-ready"}),l.classList.remove("loading-scroll-mode")})()}isActive(){return this.Reveal.getConfig().view==="print"}},zi=class{constructor(e){this.Reveal=e}configure(e,t){e.fragments===!1?this.disable():t.fragments===!1&&this.enable()}disable(){w(this.Reveal.getSlidesElement(),".fragment").forEach(e=>{e.classList.add("visible"),e.classList.remove("current-fragment")})}enable(){w(this.Reveal.getSlidesElement(),".fragment").forEach(e=>{e.classList.remove("visible"),e.classList.remove("current-fragment")})}availableRoutes(){let e=this.Reveal.getCurrentSlide();if(e&&this.Reveal.getConfig().fragments){let t=e.querySelectorAll(".fragment:not(.disabled)"),i=e.querySelectorAll(".fragment:not(.disabled):not(.visible)");return{prev:t.length-i.length>0,next:!!i.length}}return{prev:!1,next:!1}}sort(e,t=!1){e=Array.from(e);let i=[],a=[],n=[];e.forEach(o=>{if(o.hasAttribute("data-fragment-index")){let h=parseInt(o.getAttribute("data-fragment-index"),10);i[h]||(i[h]=[]),i[h].push(o)}else a.push([o])}),i=i.concat(a);let s=0;return i.forEach(o=>{o.forEach(h=>{n.push(h),h.setAttribute("data-fragment-index",s)}),s++}),t===!0?i:n}sortAll(){this.Reveal.getHorizontalSlides().forEach(e=>{let t=w(e,"section");t.forEach((i,a)=>{this.sort(i.querySelectorAll(".fragment"))},this),t.length===0&&this.sort(e.querySelectorAll(".fragment"))})}update(e,t,i=this.Reveal.getCurrentSlide()){let a={shown:[],hidden:[]};if(i&&this.Reveal.getConfig().fragments&&(t=t||this.sort(i.querySelectorAll(".fragment")),t.length)){let n=0;if(typeof e!="number"){let s=this.sort(i.querySelectorAll(".fragment.visible")).pop();s&&(e=parseInt(s.getAttribute("data-fragment-index")||0,10))}Array.from(t).forEach((s,o)=>{if(s.hasAttribute("data-fragment-index")&&(o=parseInt(s.getAttribute("data-fragment-index"),10)),n=Math.max(n,o),o<=e){let h=s.classList.contains("visible");s.classList.add("visible"),s.classList.remove("current-fragment"),o===e&&(this.Reveal.announceStatus(this.Reveal.getStatusText(s)),s.classList.add("current-fragment"),this.Reveal.slideContent.startEmbeddedContent(s)),h||(a.shown.push(s),this.Reveal.dispatchEvent({target:s,type:"visible",bubbles:!1}))}else{let h=s.classList.contains("visible");s.classList.remove("visible"),s.classList.remove("current-fragment"),h&&(this.Reveal.slideContent.stopEmbeddedContent(s),a.hidden.push(s),this.Reveal.dispatchEvent({target:s,type:"hidden",bubbles:!1}))}}),e=typeof e=="number"?e:-1,e=Math.max(Math.min(e,n),-1),i.setAttribute("data-fragment",e)}return a.hidden.length&&this.Reveal.dispatchEvent({type:"fragmenthidden",data:{fragment:a.hidden[0],fragments:a.hidden}}),a.shown.length&&this.Reveal.dispatchEvent({type:"fragmentshown",data:{fragment:a.shown[0],fragments:a.shown}}),a}sync(e=this.Reveal.getCurrentSlide()){return this.sort(e.querySelectorAll(".fragment"))}goto(e,t=0){let i=this.Reveal.getCurrentSlide();if(i&&this.Reveal.getConfig().fragments){let a=this.sort(i.querySelectorAll(".fragment:not(.disabled)"));if(a.length){if(typeof e!="number"){let s=this.sort(i.querySelectorAll(".fragment:not(.disabled).visible")).pop();e=s?parseInt(s.getAttribute("data-fragment-index")||0,10):-1}e+=t;let n=this.update(e,a);return this.Reveal.controls.update(),this.Reveal.progress.update(),this.Reveal.getConfig().fragmentInURL&&this.Reveal.location.writeURL(),!!(n.shown.length||n.hidden.length)}}return!1}next(){return this.goto(null,1)}prev(){return this.goto(null,-1)}},Di=class{constructor(e){this.Reveal=e,this.active=!1,this.onSlideClicked=this.onSlideClicked.bind(this)}activate(){if(this.Reveal.getConfig().overview&&!this.Reveal.isScrollView()&&!this.isActive()){this.active=!0,this.Reveal.getRevealElement().classList.add("overview"),this.Reveal.cancelAutoSlide(),this.Reveal.getSlidesElement().appendChild(this.Reveal.getBackgroundsElement()),w(this.Reveal.getRevealElement(),se).forEach(i=>{i.classList.contains("stack")||i.addEventListener("click",this.onSlideClicked,!0)});let e=this.Reveal.getComputedSlideSize();this.overviewSlideWidth=e.width+70,this.overviewSlideHeight=e.height+70,this.Reveal.getConfig().rtl&&(this.overviewSlideWidth=-this.overviewSlideWidth),this.Reveal.updateSlidesVisibility(),this.layout(),this.update(),this.Reveal.layout();let t=this.Reveal.getIndices();this.Reveal.dispatchEvent({type:"overviewshown",data:{indexh:t.h,indexv:t.v,currentSlide:this.Reveal.getCurrentSlide()}})}}layout(){this.Reveal.getHorizontalSlides().forEach((e,t)=>{e.setAttribute("data-index-h",t),re(e,"translate3d("+t*this.overviewSlideWidth+"px, 0, 0)"),e.classList.contains("stack")&&w(e,"section").forEach((i,a)=>{i.setAttribute("data-index-h",t),i.setAttribute("data-index-v",a),re(i,"translate3d(0, "+a*this.overviewSlideHeight+"px, 0)")})}),Array.from(this.Reveal.getBackgroundsElement().childNodes).forEach((e,t)=>{re(e,"translate3d("+t*this.overviewSlideWidth+"px, 0, 0)"),w(e,".slide-background").forEach((i,a)=>{re(i,"translate3d(0, "+a*this.overviewSlideHeight+"px, 0)")})})}update(){let e=Math.min(window.innerWidth,window.innerHeight),t=Math.max(e/5,150)/e,i=this.Reveal.getIndices();this.Reveal.transformSlides({overview:["scale("+t+")","translateX("+-i.h*this.overviewSlideWidth+"px)","translateY("+-i.v*this.overviewSlideHeight+"px)"].join(" ")})}deactivate(){if(this.Reveal.getConfig().overview){this.active=!1,this.Reveal.getRevealElement().classList.remove("overview"),this.Reveal.getRevealElement().classList.add("overview-deactivating"),setTimeout(()=>{this.Reveal.getRevealElement().classList.remove("overview-deactivating")},1),this.Reveal.getRevealElement().appendChild(this.Reveal.getBackgroundsElement()),w(this.Reveal.getRevealElement(),se).forEach(t=>{re(t,""),t.removeEventListener("click",this.onSlideClicked,!0)}),w(this.Reveal.getBackgroundsElement(),".slide-background").forEach(t=>{re(t,"")}),this.Reveal.transformSlides({overview:""});let e=this.Reveal.getIndices();this.Reveal.slide(e.h,e.v),this.Reveal.layout(),this.Reveal.cueAutoSlide(),this.Reveal.dispatchEvent({type:"overviewhidden",data:{indexh:e.h,indexv:e.v,currentSlide:this.Reveal.getCurrentSlide()}})}}toggle(e){typeof e=="boolean"?e?this.activate():this.deactivate():this.isActive()?this.deactivate():this.activate()}isActive(){return this.active}onSlideClicked(e){if(this.isActive()){e.preventDefault();let t=e.target;for(;t&&!t.nodeName.match(/section/gi);)t=t.parentNode;if(t&&!t.classList.contains("disabled")&&(this.deactivate(),t.nodeName.match(/section/gi))){let i=parseInt(t.getAttribute("data-index-h"),10),a=parseInt(t.getAttribute("data-index-v"),10);this.Reveal.slide(i,a)}}}},Hi=class{constructor(e){this.Reveal=e,this.shortcuts={},this.bindings={},this.onDocumentKeyDown=this.onDocumentKeyDown.bind(this)}configure(e,t){e.navigationMode==="linear"?(this.shortcuts["&#8594;  ,  &#8595;  ,  SPACE  ,  N  ,  L  ,  J"]="Next slide",this.shortcuts["&#8592;  ,  &#8593;  ,  P  ,  H  ,  K"]="Previous slide"):(this.shortcuts["N  ,  SPACE"]="Next slide",this.shortcuts["P  ,  Shift SPACE"]="Previous slide",this.shortcuts["&#8592;  ,  H"]="Navigate left",this.shortcuts["&#8594;  ,  L"]="Navigate right",this.shortcuts["&#8593;  ,  K"]="Navigate up",this.shortcuts["&#8595;  ,  J"]="Navigate down"),this.shortcuts["Alt + &#8592;/&#8593/&#8594;/&#8595;"]="Navigate without fragments",this.shortcuts["Shift + &#8592;/&#8593/&#8594;/&#8595;"]="Jump to first/last slide",this.shortcuts["B  ,  ."]="Pause",this.shortcuts.F="Fullscreen",this.shortcuts.G="Jump to slide",this.shortcuts["ESC, O"]="Slide overview"}bind(){document.addEventListener("keydown",this.onDocumentKeyDown,!1)}unbind(){document.removeEventListener("keydown",this.onDocumentKeyDown,!1)}addKeyBinding(e,t){typeof e=="object"&&e.keyCode?this.bindings[e.keyCode]={callback:t,key:e.key,description:e.description}:this.bindings[e]={callback:t,key:null,description:null}}removeKeyBinding(e){delete this.bindings[e]}triggerKey(e){this.onDocumentKeyDown({keyCode:e})}registerKeyboardShortcut(e,t){this.shortcuts[e]=t}getShortcuts(){return this.shortcuts}getBindings(){return this.bindings}onDocumentKeyDown(e){let t=this.Reveal.getConfig();if(typeof t.keyboardCondition=="function"&&t.keyboardCondition(e)===!1||t.keyboardCondition==="focused"&&!this.Reveal.isFocused())return!0;let i=e.keyCode,a=!this.Reveal.isAutoSliding();this.Reveal.onUserInput(e);let n=document.activeElement&&document.activeElement.isContentEditable===!0,s=document.activeElement&&document.activeElement.tagName&&/input|textarea/i.test(document.activeElement.tagName),o=document.activeElement&&document.activeElement.className&&/speaker-notes/i.test(document.activeElement.className),h=!([32,37,38,39,40,63,78,80,191].indexOf(e.keyCode)!==-1&&e.shiftKey||e.altKey)&&(e.shiftKey||e.altKey||e.ctrlKey||e.metaKey);if(n||s||o||h)return;let u=[66,86,190,191,112],l;if(typeof t.keyboard=="object")for(l in t.keyboard)t.keyboard[l]==="togglePause"&&u.push(parseInt(l,10));if(this.Reveal.isOverlayOpen()&&!["Escape","f","c","b","."].includes(e.key)||this.Reveal.isPaused()&&u.indexOf(i)===-1)return!1;let f=t.navigationMode==="linear"||!this.Reveal.hasHorizontalSlides()||!this.Reveal.hasVerticalSlides(),g=!1;if(typeof t.keyboard=="object"){for(l in t.keyboard)if(parseInt(l,10)===i){let v=t.keyboard[l];typeof v=="function"?v.apply(null,[e]):typeof v=="string"&&typeof this.Reveal[v]=="function"&&this.Reveal[v].call(),g=!0}}if(g===!1){for(l in this.bindings)if(parseInt(l,10)===i){let v=this.bindings[l].callback;typeof v=="function"?v.apply(null,[e]):typeof v=="string"&&typeof this.Reveal[v]=="function"&&this.Reveal[v].call(),g=!0}}g===!1&&(g=!0,i===80||i===33?this.Reveal.prev({skipFragments:e.altKey}):i===78||i===34?this.Reveal.next({skipFragments:e.altKey}):i===72||i===37?e.shiftKey?this.Reveal.slide(0):!this.Reveal.overview.isActive()&&f?t.rtl?this.Reveal.next({skipFragments:e.altKey}):this.Reveal.prev({skipFragments:e.altKey}):this.Reveal.left({skipFragments:e.altKey}):i===76||i===39?e.shiftKey?this.Reveal.slide(this.Reveal.getHorizontalSlides().length-1):!this.Reveal.overview.isActive()&&f?t.rtl?this.Reveal.prev({skipFragments:e.altKey}):this.Reveal.next({skipFragments:e.altKey}):this.Reveal.right({skipFragments:e.altKey}):i===75||i===38?e.shiftKey?this.Reveal.slide(void 0,0):!this.Reveal.overview.isActive()&&f?this.Reveal.prev({skipFragments:e.altKey}):this.Reveal.up({skipFragments:e.altKey}):i===74||i===40?e.shiftKey?this.Reveal.slide(void 0,Number.MAX_VALUE):!this.Reveal.overview.isActive()&&f?this.Reveal.next({skipFragments:e.altKey}):this.Reveal.down({skipFragments:e.altKey}):i===36?this.Reveal.slide(0):i===35?this.Reveal.slide(this.Reveal.getHorizontalSlides().length-1):i===32?(this.Reveal.overview.isActive()&&this.Reveal.overview.deactivate(),e.shiftKey?this.Reveal.prev({skipFragments:e.altKey}):this.Reveal.next({skipFragments:e.altKey})):[58,59,66,86,190].includes(i)||i===191&&!e.shiftKey?this.Reveal.togglePause():i===70?Dt(t.embedded?this.Reveal.getViewportElement():document.documentElement):i===65?t.autoSlideStoppable&&this.Reveal.toggleAutoSlide(a):i===71?t.jumpToSlide&&this.Reveal.toggleJumpToSlide():i===67&&this.Reveal.isOverlayOpen()?this.Reveal.closeOverlay():(i===63||i===191)&&e.shiftKey||i===112?this.Reveal.toggleHelp():g=!1),g?e.preventDefault&&e.preventDefault():i===27||i===79?(this.Reveal.closeOverlay()===!1&&this.Reveal.overview.toggle(),e.preventDefault&&e.preventDefault()):i===13&&this.Reveal.overview.isActive()&&(this.Reveal.overview.deactivate(),e.preventDefault&&e.preventDefault()),this.Reveal.cueAutoSlide()}};function It(e,t){var i=Object.keys(e);if(Object.getOwnPropertySymbols){var a=Object.getOwnPropertySymbols(e);t&&(a=a.filter(function(n){return Object.getOwnPropertyDescriptor(e,n).enumerable})),i.push.apply(i,a)}return i}function X(e){for(var t=1;t<arguments.length;t++){var i=arguments[t]==null?{}:arguments[t];t%2?It(Object(i),!0).forEach(function(a){Qe(e,a,i[a])}):Object.getOwnPropertyDescriptors?Object.defineProperties(e,Object.getOwnPropertyDescriptors(i)):It(Object(i)).forEach(function(a){Object.defineProperty(e,a,Object.getOwnPropertyDescriptor(i,a))})}return e}var Fi=class{constructor(e){Qe(this,"MAX_REPLACE_STATE_FREQUENCY",1e3),this.Reveal=e,this.writeURLTimeout=0,this.replaceStateTimestamp=0,this.onWindowHashChange=this.onWindowHashChange.bind(this)}bind(){window.addEventListener("hashchange",this.onWindowHashChange,!1)}unbind(){window.removeEventListener("hashchange",this.onWindowHashChange,!1)}getIndicesFromHash(e=window.location.hash,t={}){let i=e.replace(/^#\/?/,""),a=i.split("/");if(!/^[0-9]*$/.test(a[0])&&i.length){let n,s;/\/[-\d]+$/g.test(i)&&(s=parseInt(i.split("/").pop(),10),s=isNaN(s)?void 0:s,i=i.split("/").shift());try{let o=decodeURIComponent(i);n=(document.getElementById(o)||document.querySelector(`[data-id="${o}"]`)).closest(".slides section")}catch{}if(n)return X(X({},this.Reveal.getIndices(n)),{},{f:s})}else{let n=this.Reveal.getConfig(),s=n.hashOneBasedIndex||t.oneBasedIndex?1:0,o=parseInt(a[0],10)-s||0,h=parseInt(a[1],10)-s||0,u;return n.fragmentInURL&&(u=parseInt(a[2],10),isNaN(u)&&(u=void 0)),{h:o,v:h,f:u}}return null}readURL(){let e=this.Reveal.getIndices(),t=this.getIndicesFromHash();t?(t.h!==e.h||t.v!==e.v||t.f!==void 0)&&this.Reveal.slide(t.h,t.v,t.f):this.Reveal.slide(e.h||0,e.v||0)}writeURL(e){let t=this.Reveal.getConfig(),i=this.Reveal.getCurrentSlide();if(clearTimeout(this.writeURLTimeout),typeof e=="number")this.writeURLTimeout=setTimeout(this.writeURL,e);else if(i){let a=this.getHash();t.history?window.location.hash=a:t.hash&&(a==="/"?this.debouncedReplaceState(window.location.pathname+window.location.search):this.debouncedReplaceState("#"+a))}}replaceState(e){window.history.replaceState(null,null,e),this.replaceStateTimestamp=Date.now()}debouncedReplaceState(e){clearTimeout(this.replaceStateTimeout),Date.now()-this.replaceStateTimestamp>this.MAX_REPLACE_STATE_FREQUENCY?this.replaceState(e):this.replaceStateTimeout=setTimeout(()=>this.replaceState(e),this.MAX_REPLACE_STATE_FREQUENCY)}getHash(e){let t="/",i=e||this.Reveal.getCurrentSlide(),a=i?i.getAttribute("id"):null;a&&(a=encodeURIComponent(a));let n=this.Reveal.getIndices(e);if(this.Reveal.getConfig().fragmentInURL||(n.f=void 0),typeof a=="string"&&a.length)t="/"+a,n.f>=0&&(t+="/"+n.f);else{let s=+!!this.Reveal.getConfig().hashOneBasedIndex;(n.h>0||n.v>0||n.f>=0)&&(t+=n.h+s),(n.v>0||n.f>=0)&&(t+="/"+(n.v+s)),n.f>=0&&(t+="/"+n.f)}return t}onWindowHashChange(e){this.readURL()}},Oi=class{constructor(e){this.Reveal=e,this.onNavigateLeftClicked=this.onNavigateLeftClicked.bind(this),this.onNavigateRightClicked=this.onNavigateRightClicked.bind(this),this.onNavigateUpClicked=this.onNavigateUpClicked.bind(this),this.onNavigateDownClicked=this.onNavigateDownClicked.bind(this),this.onNavigatePrevClicked=this.onNavigatePrevClicked.bind(this),this.onNavigateNextClicked=this.onNavigateNextClicked.bind(this),this.onEnterFullscreen=this.onEnterFullscreen.bind(this)}render(){let e=this.Reveal.getConfig().rtl,t=this.Reveal.getRevealElement();this.element=document.createElement("aside"),this.element.className="controls",this.element.innerHTML=`<button class="navigate-left" aria-label="${e?"next slide":"previous slide"}"><div class="controls-arrow"></div></button>
			<button class="navigate-right" aria-label="${e?"previous slide":"next slide"}"><div class="controls-arrow"></div></button>
			<button class="navigate-up" aria-label="above slide"><div class="controls-arrow"></div></button>
			<button class="navigate-down" aria-label="below slide"><div class="controls-arrow"></div></button>`,this.Reveal.getRevealElement().appendChild(this.element),this.controlsLeft=w(t,".navigate-left"),this.controlsRight=w(t,".navigate-right"),this.controlsUp=w(t,".navigate-up"),this.controlsDown=w(t,".navigate-down"),this.controlsPrev=w(t,".navigate-prev"),this.controlsNext=w(t,".navigate-next"),this.controlsFullscreen=w(t,".enter-fullscreen"),this.controlsRightArrow=this.element.querySelector(".navigate-right"),this.controlsLeftArrow=this.element.querySelector(".navigate-left"),this.controlsDownArrow=this.element.querySelector(".navigate-down")}configure(e,t){let i=e.controls==="speaker"||e.controls==="speaker-only";this.element.style.display=e.controls&&(!i||this.Reveal.isSpeakerNotes())?"block":"none",this.element.setAttribute("data-controls-layout",e.controlsLayout),this.element.setAttribute("data-controls-back-arrows",e.controlsBackArrows)}bind(){let e=["touchstart","click"];Ht&&(e=["touchend"]),e.forEach(t=>{this.controlsLeft.forEach(i=>i.addEventListener(t,this.onNavigateLeftClicked,!1)),this.controlsRight.forEach(i=>i.addEventListener(t,this.onNavigateRightClicked,!1)),this.controlsUp.forEach(i=>i.addEventListener(t,this.onNavigateUpClicked,!1)),this.controlsDown.forEach(i=>i.addEventListener(t,this.onNavigateDownClicked,!1)),this.controlsPrev.forEach(i=>i.addEventListener(t,this.onNavigatePrevClicked,!1)),this.controlsNext.forEach(i=>i.addEventListener(t,this.onNavigateNextClicked,!1)),this.controlsFullscreen.forEach(i=>i.addEventListener(t,this.onEnterFullscreen,!1))})}unbind(){["touchstart","touchend","click"].forEach(e=>{this.controlsLeft.forEach(t=>t.removeEventListener(e,this.onNavigateLeftClicked,!1)),this.controlsRight.forEach(t=>t.removeEventListener(e,this.onNavigateRightClicked,!1)),this.controlsUp.forEach(t=>t.removeEventListener(e,this.onNavigateUpClicked,!1)),this.controlsDown.forEach(t=>t.removeEventListener(e,this.onNavigateDownClicked,!1)),this.controlsPrev.forEach(t=>t.removeEventListener(e,this.onNavigatePrevClicked,!1)),this.controlsNext.forEach(t=>t.removeEventListener(e,this.onNavigateNextClicked,!1)),this.controlsFullscreen.forEach(t=>t.removeEventListener(e,this.onEnterFullscreen,!1))})}update(){let e=this.Reveal.availableRoutes();[...this.controlsLeft,...this.controlsRight,...this.controlsUp,...this.controlsDown,...this.controlsPrev,...this.controlsNext].forEach(i=>{i.classList.remove("enabled","fragmented"),i.setAttribute("disabled","disabled")}),e.left&&this.controlsLeft.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")}),e.right&&this.controlsRight.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")}),e.up&&this.controlsUp.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")}),e.down&&this.controlsDown.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")}),(e.left||e.up)&&this.controlsPrev.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")}),(e.right||e.down)&&this.controlsNext.forEach(i=>{i.classList.add("enabled"),i.removeAttribute("disabled")});let t=this.Reveal.getCurrentSlide();if(t){let i=this.Reveal.fragments.availableRoutes();i.prev&&this.controlsPrev.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")}),i.next&&this.controlsNext.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")});let a=this.Reveal.isVerticalSlide(t),n=a&&t.parentElement&&t.parentElement.querySelectorAll(":scope > section").length>1;a&&n?(i.prev&&this.controlsUp.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")}),i.next&&this.controlsDown.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")})):(i.prev&&this.controlsLeft.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")}),i.next&&this.controlsRight.forEach(s=>{s.classList.add("fragmented","enabled"),s.removeAttribute("disabled")}))}if(this.Reveal.getConfig().controlsTutorial){let i=this.Reveal.getIndices();!this.Reveal.hasNavigatedVertically()&&e.down?this.controlsDownArrow.classList.add("highlight"):(this.controlsDownArrow.classList.remove("highlight"),this.Reveal.getConfig().rtl?!this.Reveal.hasNavigatedHorizontally()&&e.left&&i.v===0?this.controlsLeftArrow.classList.add("highlight"):this.controlsLeftArrow.classList.remove("highlight"):!this.Reveal.hasNavigatedHorizontally()&&e.right&&i.v===0?this.controlsRightArrow.classList.add("highlight"):this.controlsRightArrow.classList.remove("highlight"))}}destroy(){this.unbind(),this.element.remove()}onNavigateLeftClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.getConfig().navigationMode==="linear"?this.Reveal.prev():this.Reveal.left()}onNavigateRightClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.getConfig().navigationMode==="linear"?this.Reveal.next():this.Reveal.right()}onNavigateUpClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.up()}onNavigateDownClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.down()}onNavigatePrevClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.prev()}onNavigateNextClicked(e){e.preventDefault(),this.Reveal.onUserInput(),this.Reveal.next()}onEnterFullscreen(e){let t=this.Reveal.getConfig(),i=this.Reveal.getViewportElement();Dt(t.embedded?i:i.parentElement)}},ji=class{constructor(e){this.Reveal=e,this.onProgressClicked=this.onProgressClicked.bind(this)}render(){this.element=document.createElement("div"),this.element.className="progress",this.Reveal.getRevealElement().appendChild(this.element),this.bar=document.createElement("span"),this.element.appendChild(this.bar)}configure(e,t){this.element.style.display=e.progress?"block":"none"}bind(){this.Reveal.getConfig().progress&&this.element&&this.element.addEventListener("click",this.onProgressClicked,!1)}unbind(){this.Reveal.getConfig().progress&&this.element&&this.element.removeEventListener("click",this.onProgressClicked,!1)}update(){if(this.Reveal.getConfig().progress&&this.bar){let e=this.Reveal.getProgress();this.Reveal.getTotalSlides()<2&&(e=0),this.bar.style.transform="scaleX("+e+")"}}getMaxWidth(){return this.Reveal.getRevealElement().offsetWidth}onProgressClicked(e){this.Reveal.onUserInput(e),e.preventDefault();let t=this.Reveal.getSlides(),i=t.length,a=Math.floor(e.clientX/this.getMaxWidth()*i);this.Reveal.getConfig().rtl&&(a=i-a);let n=this.Reveal.getIndices(t[a]);this.Reveal.slide(n.h,n.v)}destroy(){this.element.remove()}},qi=class{constructor(e){this.Reveal=e,this.lastMouseWheelStep=0,this.cursorHidden=!1,this.cursorInactiveTimeout=0,this.onDocumentCursorActive=this.onDocumentCursorActive.bind(this),this.onDocumentMouseScroll=this.onDocumentMouseScroll.bind(this)}configure(e,t){e.mouseWheel?document.addEventListener("wheel",this.onDocumentMouseScroll,!1):document.removeEventListener("wheel",this.onDocumentMouseScroll,!1),e.hideInactiveCursor?(document.addEventListener("mousemove",this.onDocumentCursorActive,!1),document.addEventListener("mousedown",this.onDocumentCursorActive,!1)):(this.showCursor(),document.removeEventListener("mousemove",this.onDocumentCursorActive,!1),document.removeEventListener("mousedown",this.onDocumentCursorActive,!1))}showCursor(){this.cursorHidden&&(this.cursorHidden=!1,this.Reveal.getRevealElement().style.cursor="")}hideCursor(){this.cursorHidden===!1&&(this.cursorHidden=!0,this.Reveal.getRevealElement().style.cursor="none")}destroy(){this.showCursor(),document.removeEventListener("wheel",this.onDocumentMouseScroll,!1),document.removeEventListener("mousemove",this.onDocumentCursorActive,!1),document.removeEventListener("mousedown",this.onDocumentCursorActive,!1)}onDocumentCursorActive(e){this.showCursor(),clearTimeout(this.cursorInactiveTimeout),this.cursorInactiveTimeout=setTimeout(this.hideCursor.bind(this),this.Reveal.getConfig().hideCursorTime)}onDocumentMouseScroll(e){if(Date.now()-this.lastMouseWheelStep>1e3){this.lastMouseWheelStep=Date.now();let t=e.detail||-e.wheelDelta;t>0?this.Reveal.next():t<0&&this.Reveal.prev()}}},Mt=(e,t)=>{let i=document.createElement("script");i.type="text/javascript",i.async=!1,i.defer=!1,i.src=e,typeof t=="function"&&(i.onload=n=>{n.type==="load"&&(i.onload=i.onerror=null,t())},i.onerror=n=>{i.onload=i.onerror=null,t(Error("Failed loading script: "+i.src+`
`+n))});let a=document.querySelector("head");a&&a.insertBefore(i,a.lastChild)},Vi=class{constructor(e){this.Reveal=e,this.state="idle",this.registeredPlugins={},this.asyncDependencies=[]}load(e,t){return this.state="loading",e.forEach(this.registerPlugin.bind(this)),new Promise(i=>{let a=[],n=0;if(t.forEach(s=>{(!s.condition||s.condition())&&(s.async?this.asyncDependencies.push(s):a.push(s))}),a.length){n=a.length;let s=o=>{o&&typeof o.callback=="function"&&o.callback(),--n===0&&this.initPlugins().then(i)};a.forEach(o=>{typeof o.id=="string"?(this.registerPlugin(o),s(o)):typeof o.src=="string"?Mt(o.src,()=>s(o)):(console.warn("Unrecognized plugin format",o),s())})}else this.initPlugins().then(i)})}initPlugins(){return new Promise(e=>{let t=Object.values(this.registeredPlugins),i=t.length;if(i===0)this.loadAsync().then(e);else{let a,n=()=>{--i===0?this.loadAsync().then(e):a()},s=0;a=()=>{let o=t[s++];if(typeof o.init=="function"){let h=o.init(this.Reveal);h&&typeof h.then=="function"?h.then(n):n()}else n()},a()}})}loadAsync(){return this.state="loaded",this.asyncDependencies.length&&this.asyncDependencies.forEach(e=>{Mt(e.src,e.callback)}),Promise.resolve()}registerPlugin(e){arguments.length===2&&typeof arguments[0]=="string"?(e=arguments[1],e.id=arguments[0]):typeof e=="function"&&(e=e());let t=e.id;typeof t=="string"?this.registeredPlugins[t]===void 0?(this.registeredPlugins[t]=e,this.state==="loaded"&&typeof e.init=="function"&&e.init(this.Reveal)):console.warn('reveal.js: "'+t+'" plugin has already been registered'):console.warn("Unrecognized plugin format; can't find plugin.id",e)}hasPlugin(e){return!!this.registeredPlugins[e]}getPlugin(e){return this.registeredPlugins[e]}getRegisteredPlugins(){return this.registeredPlugins}destroy(){Object.values(this.registeredPlugins).forEach(e=>{typeof e.destroy=="function"&&e.destroy()}),this.registeredPlugins={},this.asyncDependencies=[]}},Ui=class{constructor(e){this.Reveal=e,this.onSlidesClicked=this.onSlidesClicked.bind(this),this.iframeTriggerSelector=null,this.mediaTriggerSelector="[data-preview-image], [data-preview-video]",this.stateProps=["previewIframe","previewImage","previewVideo","previewFit"],this.state={}}update(){this.iframeTriggerSelector=this.Reveal.getConfig().previewLinks?"a[href]:not([data-preview-link=false]), [data-preview-link]:not(a):not([data-preview-link=false])":"[data-preview-link]:not([data-preview-link=false])";let e=this.Reveal.getSlidesElement().querySelectorAll(this.iframeTriggerSelector).length>0,t=this.Reveal.getSlidesElement().querySelectorAll(this.mediaTriggerSelector).length>0;e||t?this.Reveal.getSlidesElement().addEventListener("click",this.onSlidesClicked,!1):this.Reveal.getSlidesElement().removeEventListener("click",this.onSlidesClicked,!1)}createOverlay(e){this.dom=document.createElement("div"),this.dom.classList.add("r-overlay"),this.dom.classList.add(e),this.viewport=document.createElement("div"),this.viewport.classList.add("r-overlay-viewport"),this.dom.appendChild(this.viewport),this.Reveal.getRevealElement().appendChild(this.dom)}previewIframe(e){if(typeof e!="string")return;let t;try{t=new URL(e,document.baseURI)}catch{return}if(t.protocol==="file:"&&window.location.protocol!=="file:"||!["http:","https:","file:"].includes(t.protocol)&&t.href!=="about:blank")return;this.close(),this.state={previewIframe:e},this.createOverlay("r-overlay-preview"),this.dom.dataset.state="loading",this.viewport.innerHTML=`<header class="r-overlay-header">
				<a class="r-overlay-header-button r-overlay-external" target="_blank" rel="noopener"><span class="icon"></span></a>
				<button class="r-overlay-header-button r-overlay-close"><span class="icon"></span></button>
			</header>
			<div class="r-overlay-spinner"></div>
			<div class="r-overlay-content">
				<iframe></iframe>
				<small class="r-overlay-content-inner">
					<span class="r-overlay-error x-frame-error">Unable to load iframe. This is likely due to the site's policy (x-frame-options).</span>
				</small>
			</div>`;let i=this.dom.querySelector("iframe");i.addEventListener("load",a=>{this.dom.dataset.state="loaded"},!1),i.src=t.href,this.dom.querySelector(".r-overlay-external").href=t.href,this.dom.querySelector(".r-overlay-close").addEventListener("click",a=>{this.close(),a.preventDefault()},!1),this.dom.querySelector(".r-overlay-external").addEventListener("click",a=>{this.close()},!1),this.Reveal.dispatchEvent({type:"previewiframe",data:{url:e}})}previewMedia(e,t,i){if(t!=="image"&&t!=="video"){console.warn("Please specify a valid media type to preview (image|video)");return}this.close(),i=i||"scale-down",this.createOverlay("r-overlay-preview"),this.dom.dataset.state="loading",this.dom.dataset.previewFit=i,this.viewport.innerHTML=`<header class="r-overlay-header">
				<button class="r-overlay-header-button r-overlay-close">Esc <span class="icon"></span></button>
			</header>
			<div class="r-overlay-spinner"></div>
			<div class="r-overlay-content"></div>`;let a=this.dom.querySelector(".r-overlay-content");if(t==="image"){this.state={previewImage:e,previewFit:i};let n=document.createElement("img",{});n.src=e,a.appendChild(n),n.addEventListener("load",()=>{this.dom.dataset.state="loaded"},!1),n.addEventListener("error",()=>{this.dom.dataset.state="error",a.innerHTML='<span class="r-overlay-error">Unable to load image.</span>'},!1),this.dom.style.cursor="zoom-out",this.dom.addEventListener("click",s=>{this.close()},!1),this.Reveal.dispatchEvent({type:"previewimage",data:{url:e}})}else if(t==="video"){this.state={previewVideo:e,previewFit:i};let n=document.createElement("video");n.autoplay=this.dom.dataset.previewAutoplay!=="false",n.controls=this.dom.dataset.previewControls!=="false",n.loop=this.dom.dataset.previewLoop==="true",n.muted=this.dom.dataset.previewMuted==="true",n.playsInline=!0,n.src=e,a.appendChild(n),n.addEventListener("loadeddata",()=>{this.dom.dataset.state="loaded"},!1),n.addEventListener("error",()=>{this.dom.dataset.state="error",a.innerHTML='<span class="r-overlay-error">Unable to load video.</span>'},!1),this.Reveal.dispatchEvent({type:"previewvideo",data:{url:e}})}else throw Error("Please specify a valid media type to preview");this.dom.querySelector(".r-overlay-close").addEventListener("click",n=>{this.close(),n.preventDefault()},!1)}previewImage(e,t){this.previewMedia(e,"image",t)}previewVideo(e,t){this.previewMedia(e,"video",t)}toggleHelp(e){typeof e=="boolean"?e?this.showHelp():this.close():this.dom?this.close():this.showHelp()}showHelp(){if(this.Reveal.getConfig().help){this.close(),this.createOverlay("r-overlay-help");let e='<p class="title">Keyboard Shortcuts</p>',t=this.Reveal.keyboard.getShortcuts(),i=this.Reveal.keyboard.getBindings();e+="<table><th>KEY</th><th>ACTION</th>";for(let a in t)e+=`<tr><td>${a}</td><td>${t[a]}</td></tr>`;for(let a in i)i[a].key&&i[a].description&&(e+=`<tr><td>${i[a].key}</td><td>${i[a].description}</td></tr>`);e+="</table>",this.viewport.innerHTML=`
				<header class="r-overlay-header">
					<button class="r-overlay-header-button r-overlay-close">Esc <span class="icon"></span></button>
				</header>
				<div class="r-overlay-content">
					<div class="r-overlay-help-content">${e}</div>
				</div>
			`,this.dom.querySelector(".r-overlay-close").addEventListener("click",a=>{this.close(),a.preventDefault()},!1),this.Reveal.dispatchEvent({type:"showhelp"})}}isOpen(){return!!this.dom}close(){return this.dom?(this.dom.remove(),this.dom=null,this.state={},this.Reveal.dispatchEvent({type:"closeoverlay"}),!0):!1}getState(){return this.state}setState(e){this.stateProps.every(t=>this.state[t]===e[t])||(e.previewIframe?this.previewIframe(e.previewIframe):e.previewImage?this.previewImage(e.previewImage,e.previewFit):e.previewVideo?this.previewVideo(e.previewVideo,e.previewFit):this.close())}onSlidesClicked(e){let t=e.target,i=t.closest(this.iframeTriggerSelector),a=t.closest(this.mediaTriggerSelector);if(i){if(e.metaKey||e.shiftKey||e.altKey)return;let n=i.getAttribute("data-preview-link"),s=typeof n=="string"&&n.startsWith("http")?n:i.getAttribute("href");s&&(this.previewIframe(s),e.preventDefault())}else if(a){if(a.hasAttribute("data-preview-image")){let n=a.dataset.previewImage||a.getAttribute("src");n&&(this.previewImage(n,a.dataset.previewFit),e.preventDefault())}else if(a.hasAttribute("data-preview-video")){let n=a.dataset.previewVideo||a.getAttribute("src");if(!n){let s=a.querySelector("source");s&&(n=s.getAttribute("src"))}n&&(this.previewVideo(n,a.dataset.previewFit),e.preventDefault())}}}destroy(){this.close()}},Nt=40,Wi=1.03,Ki=class{constructor(e){this.Reveal=e,this.touchStartX=0,this.touchStartY=0,this.touchStartCount=0,this.touchCaptured=!1,this.activePointers=new Map,this.onPointerDown=this.onPointerDown.bind(this),this.onPointerMove=this.onPointerMove.bind(this),this.onPointerUp=this.onPointerUp.bind(this),this.onPointerCancel=this.onPointerCancel.bind(this),this.onTouchStart=this.onTouchStart.bind(this),this.onTouchMove=this.onTouchMove.bind(this),this.onTouchEnd=this.onTouchEnd.bind(this)}bind(){let e=this.Reveal.getRevealElement();"onpointerdown"in window?(e.addEventListener("pointerdown",this.onPointerDown,!1),e.addEventListener("pointermove",this.onPointerMove,!1),e.addEventListener("pointerup",this.onPointerUp,!1),e.addEventListener("pointercancel",this.onPointerCancel,!1)):(e.addEventListener("touchstart",this.onTouchStart,!1),e.addEventListener("touchmove",this.onTouchMove,!1),e.addEventListener("touchend",this.onTouchEnd,!1))}unbind(){let e=this.Reveal.getRevealElement();e.removeEventListener("pointerdown",this.onPointerDown,!1),e.removeEventListener("pointermove",this.onPointerMove,!1),e.removeEventListener("pointerup",this.onPointerUp,!1),e.removeEventListener("pointercancel",this.onPointerCancel,!1),e.removeEventListener("touchstart",this.onTouchStart,!1),e.removeEventListener("touchmove",this.onTouchMove,!1),e.removeEventListener("touchend",this.onTouchEnd,!1)}isSwipePrevented(e){if(Te(e,"video[controls], audio[controls]"))return!0;for(;e&&typeof e.hasAttribute=="function";){if(e.hasAttribute("data-prevent-swipe"))return!0;e=e.parentNode}return!1}isViewportZoomed(){if(!window.visualViewport||typeof window.visualViewport.scale!="number")return!1;let e=window.visualViewport.scale;return this.visualViewportBaseScale=this.visualViewportBaseScale===void 0?e:Math.min(this.visualViewportBaseScale,e),e/this.visualViewportBaseScale>Wi}onTouchStart(e){if(this.touchCaptured=!1,this.isSwipePrevented(e.target))return!0;this.touchStartX=e.touches[0].clientX,this.touchStartY=e.touches[0].clientY,this.touchStartCount=e.touches.length}onTouchMove(e){if(this.isSwipePrevented(e.target))return!0;let t=this.Reveal.getConfig();if(this.touchCaptured)Ht&&e.preventDefault();else{this.Reveal.onUserInput(e);let i=e.touches[0].clientX,a=e.touches[0].clientY;if(e.touches.length===1&&this.touchStartCount!==2){let n=this.Reveal.availableRoutes({includeFragments:!0}),s=i-this.touchStartX,o=a-this.touchStartY;s>Nt&&Math.abs(s)>Math.abs(o)?(this.touchCaptured=!0,t.navigationMode==="linear"?t.rtl?this.Reveal.next():this.Reveal.prev():this.Reveal.left()):s<-40&&Math.abs(s)>Math.abs(o)?(this.touchCaptured=!0,t.navigationMode==="linear"?t.rtl?this.Reveal.prev():this.Reveal.next():this.Reveal.right()):o>Nt&&n.up?(this.touchCaptured=!0,t.navigationMode==="linear"?this.Reveal.prev():this.Reveal.up()):o<-40&&n.down&&(this.touchCaptured=!0,t.navigationMode==="linear"?this.Reveal.next():this.Reveal.down()),t.embedded?(this.touchCaptured||this.Reveal.isVerticalSlide())&&e.preventDefault():e.preventDefault()}}}onTouchEnd(e){this.touchCaptured&&!this.Reveal.slideContent.isAllowedToPlayAudio()&&this.Reveal.startEmbeddedContent(this.Reveal.getCurrentSlide()),this.touchCaptured=!1}getActiveTouches(){return Array.from(this.activePointers.values(),e=>({clientX:e.clientX,clientY:e.clientY}))}onPointerDown(e){e.pointerType==="touch"&&(this.activePointers.set(e.pointerId,e),e.touches=this.getActiveTouches(),this.onTouchStart(e))}onPointerMove(e){e.pointerType==="touch"&&(this.activePointers.set(e.pointerId,e),e.touches=this.getActiveTouches(),this.onTouchMove(e))}onPointerUp(e){e.pointerType==="touch"&&(this.activePointers.delete(e.pointerId),e.touches=this.getActiveTouches(),this.onTouchEnd(e))}onPointerCancel(e){e.pointerType==="touch"&&(this.activePointers.delete(e.pointerId),e.touches=this.getActiveTouches(),this.onTouchEnd(e))}},Ke="focus",Bt="blur",Yi=class{constructor(e){this.Reveal=e,this.onRevealPointerDown=this.onRevealPointerDown.bind(this),this.onDocumentPointerDown=this.onDocumentPointerDown.bind(this)}configure(e,t){e.embedded?this.blur():(this.focus(),this.unbind())}bind(){this.Reveal.getConfig().embedded&&this.Reveal.getRevealElement().addEventListener("pointerdown",this.onRevealPointerDown,!1)}unbind(){this.Reveal.getRevealElement().removeEventListener("pointerdown",this.onRevealPointerDown,!1),document.removeEventListener("pointerdown",this.onDocumentPointerDown,!1)}focus(){this.state!==Ke&&(this.Reveal.getRevealElement().classList.add("focused"),document.addEventListener("pointerdown",this.onDocumentPointerDown,!1)),this.state=Ke}blur(){this.state!==Bt&&(this.Reveal.getRevealElement().classList.remove("focused"),document.removeEventListener("pointerdown",this.onDocumentPointerDown,!1)),this.state=Bt}isFocused(){return this.state===Ke}destroy(){this.Reveal.getRevealElement().classList.remove("focused")}onRevealPointerDown(e){this.focus()}onDocumentPointerDown(e){let t=j(e.target,".reveal");(!t||t!==this.Reveal.getRevealElement())&&this.blur()}},Ji=class{constructor(e){this.Reveal=e}render(){this.element=document.createElement("div"),this.element.className="speaker-notes",this.element.setAttribute("data-prevent-swipe",""),this.element.setAttribute("tabindex","0"),this.Reveal.getRevealElement().appendChild(this.element)}configure(e,t){e.showNotes&&this.element.setAttribute("data-layout",typeof e.showNotes=="string"?e.showNotes:"inline")}update(){this.Reveal.getConfig().showNotes&&this.element&&this.Reveal.getCurrentSlide()&&!this.Reveal.isScrollView()&&!this.Reveal.isPrintView()&&(this.element.innerHTML=this.getSlideNotes()||'<span class="notes-placeholder">No notes on this slide.</span>')}updateVisibility(){this.Reveal.getConfig().showNotes&&this.hasNotes()&&!this.Reveal.isScrollView()&&!this.Reveal.isPrintView()?this.Reveal.getRevealElement().classList.add("show-notes"):this.Reveal.getRevealElement().classList.remove("show-notes")}hasNotes(){return this.Reveal.getSlidesElement().querySelectorAll("[data-notes], aside.notes").length>0}isSpeakerNotesWindow(){return!!window.location.search.match(/receiver/gi)}getSlideNotes(e=this.Reveal.getCurrentSlide()){if(e.hasAttribute("data-notes"))return e.getAttribute("data-notes");let t=e.querySelectorAll("aside.notes");return t?Array.from(t).map(i=>i.innerHTML).join(`
`):null}destroy(){this.element.remove()}},Qi=class{constructor(e,t){this.diameter=100,this.diameter2=this.diameter/2,this.thickness=6,this.playing=!1,this.progress=0,this.progressOffset=1,this.container=e,this.progressCheck=t,this.canvas=document.createElement("canvas"),this.canvas.className="playback",this.canvas.width=this.diameter,this.canvas.height=this.diameter,this.canvas.style.width=this.diameter2+"px",this.canvas.style.height=this.diameter2+"px",this.context=this.canvas.getContext("2d"),this.container.appendChild(this.canvas),this.render()}setPlaying(e){let t=this.playing;this.playing=e,!t&&this.playing?this.animate():this.render()}animate(){let e=this.progress;this.progress=this.progressCheck(),e>.8&&this.progress<.2&&(this.progressOffset=this.progress),this.render(),this.playing&&requestAnimationFrame(this.animate.bind(this))}render(){let e=this.playing?this.progress:0,t=this.diameter2-this.thickness,i=this.diameter2,a=this.diameter2;this.progressOffset+=(1-this.progressOffset)*.1;let n=-Math.PI/2+Math.PI*2*e,s=-Math.PI/2+this.progressOffset*(Math.PI*2);this.context.save(),this.context.clearRect(0,0,this.diameter,this.diameter),this.context.beginPath(),this.context.arc(i,a,t+4,0,Math.PI*2,!1),this.context.fillStyle="rgba( 0, 0, 0, 0.4 )",this.context.fill(),this.context.beginPath(),this.context.arc(i,a,t,0,Math.PI*2,!1),this.context.lineWidth=this.thickness,this.context.strokeStyle="rgba( 255, 255, 255, 0.2 )",this.context.stroke(),this.playing&&(this.context.beginPath(),this.context.arc(i,a,t,s,n,!1),this.context.lineWidth=this.thickness,this.context.strokeStyle="#fff",this.context.stroke()),this.context.translate(i-14,a-14),this.playing?(this.context.fillStyle="#fff",this.context.fillRect(0,0,10,28),this.context.fillRect(18,0,10,28)):(this.context.beginPath(),this.context.translate(4,0),this.context.moveTo(0,0),this.context.lineTo(24,14),this.context.lineTo(0,28),this.context.fillStyle="#fff",this.context.fill()),this.context.restore()}on(e,t){this.canvas.addEventListener(e,t,!1)}off(e,t){this.canvas.removeEventListener(e,t,!1)}destroy(){this.playing=!1,this.canvas.parentNode&&this.container.removeChild(this.canvas)}},Zi={width:960,height:700,margin:.04,minScale:.2,maxScale:2,controls:!0,controlsTutorial:!0,controlsLayout:"bottom-right",controlsBackArrows:"faded",progress:!0,slideNumber:!1,showSlideNumber:"all",hashOneBasedIndex:!1,hash:!1,respondToHashChanges:!0,jumpToSlide:!0,history:!1,keyboard:!0,keyboardCondition:null,disableLayout:!1,overview:!0,center:!0,touch:!0,loop:!1,rtl:!1,navigationMode:"default",shuffle:!1,fragments:!0,fragmentInURL:!0,embedded:!1,help:!0,pause:!0,showNotes:!1,showHiddenSlides:!1,autoPlayMedia:null,preloadIframes:null,mouseWheel:!1,previewLinks:!1,viewDistance:3,mobileViewDistance:2,display:"block",hideInactiveCursor:!0,hideCursorTime:5e3,sortFragmentsOnSync:!0,autoAnimate:!0,autoAnimateMatcher:null,autoAnimateEasing:"ease",autoAnimateDuration:1,autoAnimateUnmatched:!0,autoAnimateStyles:["opacity","color","background-color","padding","font-size","line-height","letter-spacing","border-width","border-color","border-radius","outline","outline-offset"],autoSlide:0,autoSlideStoppable:!0,autoSlideMethod:null,defaultTiming:null,postMessage:!0,postMessageEvents:!1,focusBodyOnPageVisibilityChange:!0,transition:"slide",transitionSpeed:"default",backgroundTransition:"fade",parallaxBackgroundImage:"",parallaxBackgroundSize:"",parallaxBackgroundRepeat:"",parallaxBackgroundPosition:"",parallaxBackgroundHorizontal:null,parallaxBackgroundVertical:null,view:null,scrollLayout:"full",scrollSnap:"mandatory",scrollProgress:"auto",scrollActivationWidth:435,pdfMaxPagesPerSlide:1/0,pdfSeparateFragments:!0,pdfPageHeightOffset:-1,dependencies:[],plugins:[]},Ft="6.0.2";function Ot(e,t){arguments.length<2&&(t=arguments[0],e=document.querySelector(".reveal"));let i={},a={},n=!1,s=!1,o,h,u,l,f={hasNavigatedHorizontally:!1,hasNavigatedVertically:!1},g=[],v=1,k={layout:"",overview:""},c={},S="idle",P=0,q,Q=0,oe=-1,V=!1,E=new wi(i),I=new Si(i),U=new Ei(i),M=new Ci(i),D=new Ri(i),x=new Mi(i),O=new Bi(i),R=new zi(i),p=new Di(i),A=new Hi(i),T=new Fi(i),G=new Oi(i),Y=new ji(i),ie=new qi(i),H=new Vi(i),B=new Ui(i),le=new Yi(i),Me=new Ki(i),Z=new Ji(i);function qt(r){if(!e)throw'Unable to find presentation root (<div class="reveal">).';if(n)throw"Reveal.js has already been initialized.";if(n=!0,c.wrapper=e,c.slides=e.querySelector(".slides"),!c.slides)throw'Unable to find slides container (<div class="slides">).';return a=X(X(X(X(X({},Zi),a),t),r),Lt()),/print-pdf/gi.test(window.location.search)&&(a.view="print"),Vt(),window.addEventListener("load",ce,!1),H.load(a.plugins,a.dependencies).then(Ut),new Promise(d=>i.on("ready",d))}function Vt(){a.embedded===!0?c.viewport=j(e,".reveal-viewport")||e:(c.viewport=document.body,document.documentElement.classList.add("reveal-full-page")),c.viewport.classList.add("reveal-viewport")}function Ut(){n!==!1&&(s=!0,Ze(),Kt(),Zt(),Jt(),Qt(),ni(),Ge(),D.update(!0),Wt(),T.readURL(),setTimeout(()=>{c.slides.classList.remove("no-transition"),c.wrapper.classList.add("ready"),K({type:"ready",data:{indexh:o,indexv:h,currentSlide:l}})},1))}function Wt(){let r=a.view==="print",d=a.view==="scroll"||a.view==="reader";(r||d)&&(r?ye():Me.unbind(),c.viewport.classList.add("loading-scroll-mode"),r?document.readyState==="complete"?O.activate():window.addEventListener("load",()=>O.activate()):x.activate())}function Ze(){a.showHiddenSlides||w(c.wrapper,'section[data-visibility="hidden"]').forEach(r=>{let d=r.parentNode;d.childElementCount===1&&/section/i.test(d.nodeName)?d.remove():r.remove()})}function Kt(){c.slides.classList.add("no-transition"),de?c.wrapper.classList.add("no-hover"):c.wrapper.classList.remove("no-hover"),D.render(),I.render(),U.render(),G.render(),Y.render(),Z.render(),c.pauseOverlay=ui(c.wrapper,"div","pause-overlay",a.controls?'<button class="resume-button">Resume presentation</button>':null),c.statusElement=Yt(),c.wrapper.setAttribute("role","application")}function Yt(){let r=c.wrapper.querySelector(".aria-status");return r||(r=document.createElement("div"),r.style.position="absolute",r.style.height="1px",r.style.width="1px",r.style.overflow="hidden",r.style.clip="rect( 1px, 1px, 1px, 1px )",r.classList.add("aria-status"),r.setAttribute("aria-live","polite"),r.setAttribute("aria-atomic","true"),c.wrapper.appendChild(r)),r}function Ne(r){c.statusElement.textContent=r}function be(r){let d="";if(r.nodeType===3)d+=r.textContent.trim();else if(r.nodeType===1){let m=r.getAttribute("aria-hidden"),b=window.getComputedStyle(r).display==="none";if(m!=="true"&&!b){if(r.tagName==="IMG"||r.tagName==="VIDEO"){let y=r.getAttribute("alt");y&&(d+=Xe(y))}Array.from(r.childNodes).forEach(y=>{d+=be(y)}),["P","DIV","UL","OL","LI","H1","H2","H3","H4","H5","H6","BLOCKQUOTE"].includes(r.tagName)&&d.trim()!==""&&(d=Xe(d))}}return d=d.trim(),d===""?"":d+" "}function Xe(r){let d=r.trim();return d===""?r:/[.!?]$/.test(d)?d:d+"."}function Jt(){setInterval(()=>{(!x.isActive()&&c.wrapper.scrollTop!==0||c.wrapper.scrollLeft!==0)&&(c.wrapper.scrollTop=0,c.wrapper.scrollLeft=0)},1e3)}function Qt(){document.addEventListener("fullscreenchange",Ce),document.addEventListener("webkitfullscreenchange",Ce)}function Zt(){a.postMessage&&window.addEventListener("message",At,!1)}function Ge(r){let d=X({},a);if(typeof r=="object"&&pe(a,r),i.isReady()===!1)return;let m=c.wrapper.querySelectorAll(se).length;c.wrapper.classList.remove(d.transition),c.wrapper.classList.add(a.transition),c.wrapper.setAttribute("data-transition-speed",a.transitionSpeed),c.wrapper.setAttribute("data-background-transition",a.backgroundTransition),c.viewport.style.setProperty("--slide-width",typeof a.width=="string"?a.width:a.width+"px"),c.viewport.style.setProperty("--slide-height",typeof a.height=="string"?a.height:a.height+"px"),a.shuffle&&He(),Ue(c.wrapper,"embedded",a.embedded),Ue(c.wrapper,"rtl",a.rtl),Ue(c.wrapper,"center",a.center),a.pause===!1&&ve(),M.reset(),q&&(q.destroy(),q=null),m>1&&a.autoSlide&&a.autoSlideStoppable&&(q=new Qi(c.wrapper,()=>Math.min(Math.max((Date.now()-oe)/P,0),1)),q.on("click",hi),V=!1),a.navigationMode==="default"?c.wrapper.removeAttribute("data-navigation-mode"):c.wrapper.setAttribute("data-navigation-mode",a.navigationMode),Z.configure(a,d),le.configure(a,d),ie.configure(a,d),G.configure(a,d),Y.configure(a,d),A.configure(a,d),R.configure(a,d),I.configure(a,d),ct()}function $e(){window.addEventListener("resize",xt,!1),a.touch&&Me.bind(),a.keyboard&&A.bind(),a.progress&&Y.bind(),a.respondToHashChanges&&T.bind(),G.bind(),le.bind(),c.slides.addEventListener("click",Et,!1),c.slides.addEventListener("transitionend",St,!1),c.pauseOverlay.addEventListener("click",ve,!1),a.focusBodyOnPageVisibilityChange&&document.addEventListener("visibilitychange",Rt,!1)}function ye(){Me.unbind(),le.unbind(),A.unbind(),G.unbind(),Y.unbind(),T.unbind(),window.removeEventListener("resize",xt,!1),c.slides.removeEventListener("click",Et,!1),c.slides.removeEventListener("transitionend",St,!1),c.pauseOverlay.removeEventListener("click",ve,!1)}function Xt(){n=!1,s!==!1&&(ye(),Ae(),Z.destroy(),le.destroy(),B.destroy(),H.destroy(),ie.destroy(),G.destroy(),Y.destroy(),D.destroy(),I.destroy(),U.destroy(),document.removeEventListener("fullscreenchange",Ce),document.removeEventListener("webkitfullscreenchange",Ce),document.removeEventListener("visibilitychange",Rt,!1),window.removeEventListener("message",At,!1),window.removeEventListener("load",ce,!1),c.pauseOverlay&&c.pauseOverlay.remove(),c.statusElement&&c.statusElement.remove(),document.documentElement.classList.remove("reveal-full-page"),c.wrapper.classList.remove("ready","center","has-horizontal-slides","has-vertical-slides"),c.wrapper.removeAttribute("data-transition-speed"),c.wrapper.removeAttribute("data-background-transition"),c.viewport.classList.remove("reveal-viewport"),c.viewport.style.removeProperty("--slide-width"),c.viewport.style.removeProperty("--slide-height"),c.slides.style.removeProperty("width"),c.slides.style.removeProperty("height"),c.slides.style.removeProperty("zoom"),c.slides.style.removeProperty("left"),c.slides.style.removeProperty("top"),c.slides.style.removeProperty("bottom"),c.slides.style.removeProperty("right"),c.slides.style.removeProperty("transform"),Array.from(c.wrapper.querySelectorAll(se)).forEach(r=>{r.style.removeProperty("display"),r.style.removeProperty("top"),r.removeAttribute("hidden"),r.removeAttribute("aria-hidden"),r.removeAttribute("inert")}))}function _e(r,d,m){e.addEventListener(r,d,m)}function et(r,d,m){e.removeEventListener(r,d,m)}function Be(r){typeof r.layout=="string"&&(k.layout=r.layout),typeof r.overview=="string"&&(k.overview=r.overview),k.layout?re(c.slides,k.layout+" "+k.overview):re(c.slides,k.overview)}function K({target:r=c.wrapper,type:d,data:m,bubbles:b=!0}){let y=document.createEvent("HTMLEvents",1,2);return y.initEvent(d,b,!0),pe(y,m),r.dispatchEvent(y),r===c.wrapper&&it(d),y}function tt(r){K({type:"slidechanged",data:{indexh:o,indexv:h,previousSlide:u,currentSlide:l,origin:r}})}function it(r,d){if(a.postMessageEvents&&window.parent!==window.self){let m={namespace:"reveal",eventName:r,state:wt()};pe(m,d),window.parent.postMessage(JSON.stringify(m),"*")}}function ce(){if(c.wrapper&&!O.isActive()){let r=c.viewport.offsetWidth,d=c.viewport.offsetHeight;if(!a.disableLayout){de&&!a.embedded&&document.documentElement.style.setProperty("--vh",window.innerHeight*.01+"px");let m=x.isActive()?we(r,d):we(),b=v;at(a.width,a.height),c.slides.style.width=m.width+"px",c.slides.style.height=m.height+"px",v=Math.min(m.presentationWidth/m.width,m.presentationHeight/m.height),v=Math.max(v,a.minScale),v=Math.min(v,a.maxScale),v=Math.round(v*100)/100,v===1||x.isActive()?(c.slides.style.zoom="",c.slides.style.left="",c.slides.style.top="",c.slides.style.bottom="",c.slides.style.right="",Be({layout:""})):(c.slides.style.zoom="",c.slides.style.left="50%",c.slides.style.top="50%",c.slides.style.bottom="auto",c.slides.style.right="auto",Be({layout:"translate(-50%, -50%) scale("+v+")"}));let y=Array.from(c.wrapper.querySelectorAll(se)).filter(C=>C.style.display!=="none"),L=Array(y.length);for(let C=0,z=y.length;C<z;C++){let W=y[C];a.center||W.classList.contains("center")?W.classList.contains("stack")?L[C]=0:L[C]=Math.max((m.height-W.scrollHeight)/2,0)+"px":L[C]=""}for(let C=0,z=y.length;C<z;C++)y[C].style.top=L[C];b!==v&&K({type:"resize",data:{oldScale:b,scale:v,size:m}})}Gt(),c.viewport.style.setProperty("--slide-scale",v),c.viewport.style.setProperty("--viewport-width",r+"px"),c.viewport.style.setProperty("--viewport-height",d+"px"),x.layout(),Y.update(),D.updateParallax(),p.isActive()&&p.update()}}function at(r,d){w(c.slides,"section > .stretch, section > .r-stretch").forEach(m=>{let b=pi(m,d);if(/(img|video)/gi.test(m.nodeName)){let y=m.naturalWidth||m.videoWidth,L=m.naturalHeight||m.videoHeight,C=Math.min(r/y,b/L);m.style.width=y*C+"px",m.style.height=L*C+"px"}else m.style.width=r+"px",m.style.height=b+"px"})}function Gt(){if(c.wrapper&&!a.disableLayout&&!O.isActive()&&typeof a.scrollActivationWidth=="number"&&a.view!=="scroll"){let r=we();r.presentationWidth>0&&r.presentationWidth<=a.scrollActivationWidth?x.isActive()||(D.create(),x.activate()):x.isActive()&&x.deactivate()}}function we(r,d){let m=a.width,b=a.height;a.disableLayout&&(m=c.slides.offsetWidth,b=c.slides.offsetHeight);let y={width:m,height:b,presentationWidth:r||c.wrapper.offsetWidth,presentationHeight:d||c.wrapper.offsetHeight};return y.presentationWidth-=y.presentationWidth*a.margin,y.presentationHeight-=y.presentationHeight*a.margin,typeof y.width=="string"&&/%$/.test(y.width)&&(y.width=parseInt(y.width,10)/100*y.presentationWidth),typeof y.height=="string"&&/%$/.test(y.height)&&(y.height=parseInt(y.height,10)/100*y.presentationHeight),y}function nt(r,d){typeof r=="object"&&typeof r.setAttribute=="function"&&r.setAttribute("data-previous-indexv",d||0)}function rt(r){if(typeof r=="object"&&typeof r.setAttribute=="function"&&r.classList.contains("stack")){let d=r.hasAttribute("data-start-indexv")?"data-start-indexv":"data-previous-indexv";return parseInt(r.getAttribute(d)||0,10)}return 0}function ge(r=l){return r&&r.parentNode&&!!r.parentNode.nodeName.match(/section/i)}function $t(r=l){return r.classList.contains(".stack")||r.querySelector("section")!==null}function st(){return l&&ge(l)?!l.nextElementSibling:!1}function ot(){return o===0&&h===0}function ze(){return l?!(l.nextElementSibling||ge(l)&&l.parentNode.nextElementSibling):!1}function lt(){if(a.pause){let r=c.wrapper.classList.contains("paused");Ae(),c.wrapper.classList.add("paused"),r===!1&&K({type:"paused"})}}function ve(){let r=c.wrapper.classList.contains("paused");c.wrapper.classList.remove("paused"),he(),r&&K({type:"resumed"})}function dt(r){typeof r=="boolean"?r?lt():ve():me()?ve():lt()}function me(){return c.wrapper.classList.contains("paused")}function _t(r){typeof r=="boolean"?r?U.show():U.hide():U.isVisible()?U.hide():U.show()}function ei(r){typeof r=="boolean"?r?Ee():Se():V?Ee():Se()}function ti(){return!!(P&&!V)}function $(r,d,m,b){if(K({type:"beforeslidechange",data:{indexh:r===void 0?o:r,indexv:d===void 0?h:d,origin:b}}).defaultPrevented)return;u=l;let y=c.wrapper.querySelectorAll(ee);if(x.isActive()){let F=x.getSlideByIndices(r,d);F&&x.scrollToSlide(F);return}if(y.length===0)return;d===void 0&&!p.isActive()&&(d=rt(y[r])),u&&u.parentNode&&u.parentNode.classList.contains("stack")&&nt(u.parentNode,h);let L=g.concat();g.length=0;let C=o||0,z=h||0;o=ke(ee,r===void 0?o:r),h=ke(We,d===void 0?h:d);let W=o!==C||h!==z;W||(u=null);let ne=y[o],J=ne.querySelectorAll("section");e.classList.toggle("is-vertical-slide",J.length>1),l=J[h]||ne;let N=!1;W&&u&&l&&!p.isActive()&&(S="running",N=De(u,l,C,z),N&&c.slides.classList.add("disable-slide-transitions")),Fe(),ce(),p.isActive()&&p.update(),m!==void 0&&R.goto(m),u&&u!==l&&(u.classList.remove("present"),u.setAttribute("aria-hidden","true"),ot()&&setTimeout(()=>{si().forEach(F=>{nt(F,0)})},0));e:for(let F=0,Le=g.length;F<Le;F++){for(let Pe=0;Pe<L.length;Pe++)if(L[Pe]===g[F]){L.splice(Pe,1);continue e}c.viewport.classList.add(g[F]),K({type:g[F]})}for(;L.length;)c.viewport.classList.remove(L.pop());W&&(E.afterSlideChanged(),tt(b)),(W||!u)&&(E.stopEmbeddedContent(u),E.startEmbeddedContent(l)),requestAnimationFrame(()=>{Ne(be(l))}),Y.update(),G.update(),Z.update(),D.update(),D.updateParallax(),I.update(),R.update(),T.writeURL(),he(),N&&(setTimeout(()=>{c.slides.classList.remove("disable-slide-transitions")},0),a.autoAnimate&&M.run(u,l))}function De(r,d,m,b){return r.hasAttribute("data-auto-animate")&&d.hasAttribute("data-auto-animate")&&r.getAttribute("data-auto-animate-id")===d.getAttribute("data-auto-animate-id")&&!(o>m||h>b?d:r).hasAttribute("data-auto-animate-restart")}function ii(r,d,m){let b=o||0;o=d,h=m;let y=l!==r;u=l,l=r,l&&u&&a.autoAnimate&&De(u,l,b,h)&&M.run(u,l),y&&(E.afterSlideChanged(),u&&(E.stopEmbeddedContent(u),E.stopEmbeddedContent(u.slideBackgroundElement)),E.startEmbeddedContent(l),E.startEmbeddedContent(l.slideBackgroundElement)),requestAnimationFrame(()=>{Ne(be(l))}),tt()}function ct(){ye(),$e(),ce(),P=a.autoSlide,he(),D.create(),T.writeURL(),a.sortFragmentsOnSync===!0&&R.sortAll(),o!==void 0&&(o=ke(ee,o),h=ke(We,h)),G.update(),Y.update(),Fe(),Z.update(),Z.updateVisibility(),B.update(),D.update(!0),I.update(),E.formatEmbeddedContent(),a.autoPlayMedia===!1?E.stopEmbeddedContent(l,{unloadIframes:!1}):E.startEmbeddedContent(l),p.isActive()&&p.layout(),K({type:"sync"})}function ai(r=l){D.sync(r),R.sync(r),E.load(r),D.update(),Z.update(),K({type:"slidesync",data:{slide:r}})}function ni(){ae().forEach(r=>{w(r,"section").forEach((d,m)=>{m>0&&(d.classList.remove("present"),d.classList.remove("past"),d.classList.add("future"),d.setAttribute("aria-hidden","true"))})})}function He(r=ae()){r.forEach((d,m)=>{let b=r[Math.floor(Math.random()*r.length)];b.parentNode===d.parentNode&&d.parentNode.insertBefore(d,b);let y=d.querySelectorAll("section");y.length&&He(y)})}function ke(r,d){let m=w(c.wrapper,r),b=m.length,y=x.isActive()||O.isActive(),L=!1,C=!1;if(b){a.loop&&(d>=b&&(L=!0),d%=b,d<0&&(d=b+d,C=!0)),d=Math.max(Math.min(d,b-1),0);for(let J=0;J<b;J++){let N=m[J],F=a.rtl&&!ge(N);if(N.classList.remove("past"),N.classList.remove("present"),N.classList.remove("future"),N.setAttribute("hidden",""),N.setAttribute("aria-hidden","true"),N.querySelector("section")&&N.classList.add("stack"),y){N.classList.add("present");continue}J<d?(N.classList.add(F?"future":"past"),a.fragments&&ht(N)):J>d?(N.classList.add(F?"past":"future"),a.fragments&&ut(N)):J===d&&a.fragments&&(L?ut(N):C&&ht(N))}let z=m[d],W=z.classList.contains("present");z.classList.add("present"),z.removeAttribute("hidden"),z.removeAttribute("aria-hidden"),W||K({target:z,type:"visible",bubbles:!1});let ne=z.getAttribute("data-state");ne&&(g=g.concat(ne.split(" ")))}else d=0;return d}function ht(r){w(r,".fragment").forEach(d=>{d.classList.add("visible"),d.classList.remove("current-fragment")})}function ut(r){w(r,".fragment.visible").forEach(d=>{d.classList.remove("visible","current-fragment")})}function Fe(){let r=ae(),d=r.length,m,b;if(d&&o!==void 0){let L=p.isActive(),C=L?10:a.viewDistance;de&&(C=L?6:a.mobileViewDistance),O.isActive()&&(C=Number.MAX_VALUE);for(let z=0;z<d;z++){let W=r[z],ne=w(W,"section"),J=ne.length;if(m=Math.abs((o||0)-z)||0,a.loop&&(m=Math.abs(((o||0)-z)%(d-C))||0),m<C?E.load(W):E.unload(W),J){let N=L?0:rt(W);for(let F=0;F<J;F++){let Le=ne[F];b=Math.abs(z===(o||0)?(h||0)-F:F-N),m+b<C?E.load(Le):E.unload(Le)}}}ft()?c.wrapper.classList.add("has-vertical-slides"):c.wrapper.classList.remove("has-vertical-slides"),mt()?c.wrapper.classList.add("has-horizontal-slides"):c.wrapper.classList.remove("has-horizontal-slides")}let y=p.isActive()||x.isActive()||O.isActive();w(c.wrapper,se).forEach(L=>{L.toggleAttribute("inert",!y&&L!==l&&!L.contains(l))})}function _({includeFragments:r=!1}={}){let d=c.wrapper.querySelectorAll(ee),m=c.wrapper.querySelectorAll(We),b={left:o>0,right:o<d.length-1,up:h>0,down:h<m.length-1};if(a.loop&&(d.length>1&&(b.left=!0,b.right=!0),m.length>1&&(b.up=!0,b.down=!0)),d.length>1&&a.navigationMode==="linear"&&(b.right=b.right||b.down,b.left=b.left||b.up),r===!0){let y=R.availableRoutes();b.left=b.left||y.prev,b.up=b.up||y.prev,b.down=b.down||y.next,b.right=b.right||y.next}if(a.rtl){let y=b.left;b.left=b.right,b.right=y}return b}function pt(r=l){let d=ae(),m=0;e:for(let b=0;b<d.length;b++){let y=d[b],L=y.querySelectorAll("section");for(let C=0;C<L.length;C++){if(L[C]===r)break e;L[C].dataset.visibility!=="uncounted"&&m++}if(y===r)break;y.classList.contains("stack")===!1&&y.dataset.visibility!=="uncounted"&&m++}return m}function ri(){let r=bt(),d=pt();if(l){let m=l.querySelectorAll(".fragment");if(m.length>0){let b=l.querySelectorAll(".fragment.visible");d+=b.length/m.length*.9}}return Math.min(d/(r-1),1)}function gt(r){let d=o,m=h,b;if(r)if(x.isActive())d=parseInt(r.getAttribute("data-index-h"),10),r.getAttribute("data-index-v")&&(m=parseInt(r.getAttribute("data-index-v"),10));else{let y=ge(r),L=y?r.parentNode:r,C=ae();d=Math.max(C.indexOf(L),0),m=void 0,y&&(m=Math.max(w(r.parentNode,"section").indexOf(r),0))}if(!r&&l&&l.querySelectorAll(".fragment").length>0){let y=l.querySelector(".current-fragment");b=y&&y.hasAttribute("data-fragment-index")?parseInt(y.getAttribute("data-fragment-index"),10):l.querySelectorAll(".fragment.visible").length-1}return{h:d,v:m,f:b}}function Oe(){return w(c.wrapper,se+':not(.stack):not([data-visibility="uncounted"])')}function ae(){return w(c.wrapper,ee)}function vt(){return w(c.wrapper,".slides>section>section")}function si(){return w(c.wrapper,ee+".stack")}function mt(){return ae().length>1}function ft(){return vt().length>1}function oi(){return Oe().map(r=>{let d={};for(let m=0;m<r.attributes.length;m++){let b=r.attributes[m];d[b.name]=b.value}return d})}function bt(){return Oe().length}function yt(r,d){let m=ae()[r],b=m&&m.querySelectorAll("section");return b&&b.length&&typeof d=="number"?b?b[d]:void 0:m}function li(r,d){let m=typeof r=="number"?yt(r,d):r;if(m)return m.slideBackgroundElement}function wt(){let r=gt();return X({indexh:r.h,indexv:r.v,indexf:r.f,paused:me(),overview:p.isActive()},B.getState())}function di(r){if(typeof r=="object"){$(ue(r.indexh),ue(r.indexv),ue(r.indexf));let d=ue(r.paused),m=ue(r.overview);typeof d=="boolean"&&d!==me()&&dt(d),typeof m=="boolean"&&m!==p.isActive()&&p.toggle(m),B.setState(r)}}function he(){if(Ae(),l&&a.autoSlide!==!1){let r=l.querySelector(".current-fragment[data-autoslide]"),d=r?r.getAttribute("data-autoslide"):null,m=l.parentNode?l.parentNode.getAttribute("data-autoslide"):null,b=l.getAttribute("data-autoslide");d?P=parseInt(d,10):b?P=parseInt(b,10):m?P=parseInt(m,10):(P=a.autoSlide,l.querySelectorAll(".fragment").length===0&&w(l,"video, audio").forEach(y=>{y.hasAttribute("data-autoplay")&&P&&y.duration*1e3/y.playbackRate>P&&(P=y.duration*1e3/y.playbackRate+1e3)})),P&&!V&&!me()&&!p.isActive()&&(!ze()||R.availableRoutes().next||a.loop===!0)&&(Q=setTimeout(()=>{typeof a.autoSlideMethod=="function"?a.autoSlideMethod():Ve(),he()},P),oe=Date.now()),q&&q.setPlaying(Q!==-1)}}function Ae(){clearTimeout(Q),Q=-1}function Se(){P&&!V&&(V=!0,K({type:"autoslidepaused"}),clearTimeout(Q),q&&q.setPlaying(!1))}function Ee(){P&&V&&(V=!1,K({type:"autoslideresumed"}),he())}function xe({skipFragments:r=!1}={}){if(f.hasNavigatedHorizontally=!0,x.isActive())return x.prev();a.rtl?(p.isActive()||r||R.next()===!1)&&_().left&&$(o+1,a.navigationMode==="grid"?h:void 0):(p.isActive()||r||R.prev()===!1)&&_().left&&$(o-1,a.navigationMode==="grid"?h:void 0)}function Re({skipFragments:r=!1}={}){if(f.hasNavigatedHorizontally=!0,x.isActive())return x.next();a.rtl?(p.isActive()||r||R.prev()===!1)&&_().right&&$(o-1,a.navigationMode==="grid"?h:void 0):(p.isActive()||r||R.next()===!1)&&_().right&&$(o+1,a.navigationMode==="grid"?h:void 0)}function je({skipFragments:r=!1}={}){if(x.isActive())return x.prev();(p.isActive()||r||R.prev()===!1)&&_().up&&$(o,h-1)}function qe({skipFragments:r=!1}={}){if(f.hasNavigatedVertically=!0,x.isActive())return x.next();(p.isActive()||r||R.next()===!1)&&_().down&&$(o,h+1)}function kt({skipFragments:r=!1}={}){if(x.isActive())return x.prev();if(r||R.prev()===!1)if(_().up)je({skipFragments:r});else{let d;if(d=a.rtl?w(c.wrapper,ee+".future").pop():w(c.wrapper,ee+".past").pop(),d&&d.classList.contains("stack")){let m=d.querySelectorAll("section").length-1||void 0;$(o-1,m)}else a.rtl?Re({skipFragments:r}):xe({skipFragments:r})}}function Ve({skipFragments:r=!1}={}){if(f.hasNavigatedHorizontally=!0,f.hasNavigatedVertically=!0,x.isActive())return x.next();if(r||R.next()===!1){let d=_();d.down&&d.right&&a.loop&&st()&&(d.down=!1),d.down?qe({skipFragments:r}):a.rtl?xe({skipFragments:r}):Re({skipFragments:r})}}function ci(r){a.autoSlideStoppable&&Se()}function At(r){let d=r.data;if(typeof d=="string"&&d.charAt(0)==="{"&&d.charAt(d.length-1)==="}"&&(d=JSON.parse(d),d.method&&typeof i[d.method]=="function"))if(Ai.test(d.method)===!1){let m=i[d.method].apply(i,d.args);it("callback",{method:d.method,result:m})}else console.warn('reveal.js: "'+d.method+'" is is blacklisted from the postMessage API')}function St(r){S==="running"&&/section/gi.test(r.target.nodeName)&&(S="idle",K({type:"slidetransitionend",data:{indexh:o,indexv:h,previousSlide:u,currentSlide:l}}))}function Et(r){let d=j(r.target,'a[href^="#"]');if(d){let m=d.getAttribute("href"),b=T.getIndicesFromHash(m);b&&(i.slide(b.h,b.v,b.f),r.preventDefault())}}function xt(r){ce()}function Rt(r){document.hidden===!1&&document.activeElement!==document.body&&(typeof document.activeElement.blur=="function"&&document.activeElement.blur(),document.body.focus())}function Ce(r){(document.fullscreenElement||document.webkitFullscreenElement)===c.wrapper&&(r.stopImmediatePropagation(),setTimeout(()=>{i.layout(),i.focus.focus()},1))}function hi(r){ze()&&a.loop===!1?($(0,0),Ee()):V?Ee():Se()}let Ct={VERSION:Ft,initialize:qt,configure:Ge,destroy:Xt,sync:ct,syncSlide:ai,syncFragments:R.sync.bind(R),slide:$,left:xe,right:Re,up:je,down:qe,prev:kt,next:Ve,navigateLeft:xe,navigateRight:Re,navigateUp:je,navigateDown:qe,navigatePrev:kt,navigateNext:Ve,navigateFragment:R.goto.bind(R),prevFragment:R.prev.bind(R),nextFragment:R.next.bind(R),on:_e,off:et,addEventListener:_e,removeEventListener:et,layout:ce,shuffle:He,availableRoutes:_,availableFragments:R.availableRoutes.bind(R),toggleHelp:B.toggleHelp.bind(B),toggleOverview:p.toggle.bind(p),toggleScrollView:x.toggle.bind(x),togglePause:dt,toggleAutoSlide:ei,toggleJumpToSlide:_t,isFirstSlide:ot,isLastSlide:ze,isLastVerticalSlide:st,isVerticalSlide:ge,isVerticalStack:$t,isPaused:me,isAutoSliding:ti,isSpeakerNotes:Z.isSpeakerNotesWindow.bind(Z),isOverview:p.isActive.bind(p),isFocused:le.isFocused.bind(le),isOverlayOpen:B.isOpen.bind(B),isScrollView:x.isActive.bind(x),isPrintView:O.isActive.bind(O),isReady:()=>s,loadSlide:E.load.bind(E),unloadSlide:E.unload.bind(E),startEmbeddedContent:()=>E.startEmbeddedContent(l),stopEmbeddedContent:()=>E.stopEmbeddedContent(l,{unloadIframes:!1}),previewIframe:B.previewIframe.bind(B),previewImage:B.previewImage.bind(B),previewVideo:B.previewVideo.bind(B),showPreview:B.previewIframe.bind(B),hidePreview:B.close.bind(B),addEventListeners:$e,removeEventListeners:ye,dispatchEvent:K,getState:wt,setState:di,getProgress:ri,getIndices:gt,getSlidesAttributes:oi,getSlidePastCount:pt,getTotalSlides:bt,getSlide:yt,getPreviousSlide:()=>u,getCurrentSlide:()=>l,getSlideBackground:li,getSlideNotes:Z.getSlideNotes.bind(Z),getSlides:Oe,getHorizontalSlides:ae,getVerticalSlides:vt,hasHorizontalSlides:mt,hasVerticalSlides:ft,hasNavigatedHorizontally:()=>f.hasNavigatedHorizontally,hasNavigatedVertically:()=>f.hasNavigatedVertically,shouldAutoAnimateBetween:De,addKeyBinding:A.addKeyBinding.bind(A),removeKeyBinding:A.removeKeyBinding.bind(A),triggerKey:A.triggerKey.bind(A),registerKeyboardShortcut:A.registerKeyboardShortcut.bind(A),getComputedSlideSize:we,setCurrentScrollPage:ii,removeHiddenSlides:Ze,getScale:()=>v,getConfig:()=>a,getQueryHash:Lt,getSlidePath:T.getHash.bind(T),getRevealElement:()=>e,getSlidesElement:()=>c.slides,getViewportElement:()=>c.viewport,getBackgroundsElement:()=>D.element,registerPlugin:H.registerPlugin.bind(H),hasPlugin:H.hasPlugin.bind(H),getPlugin:H.getPlugin.bind(H),getPlugins:H.getRegisteredPlugins.bind(H)};return pe(i,X(X({},Ct),{},{announceStatus:Ne,getStatusText:be,focus:le,scroll:x,progress:Y,controls:G,location:T,overview:p,keyboard:A,fragments:R,backgrounds:D,slideContent:E,slideNumber:I,onUserInput:ci,closeOverlay:B.close.bind(B),updateSlidesVisibility:Fe,layoutSlideContents:at,transformSlides:Be,cueAutoSlide:he,cancelAutoSlide:Ae})),Ct}var te=Ot,zt=[];te.initialize=e=>{let t=document.querySelector(".reveal");if(!(t instanceof HTMLElement))throw Error('Unable to find presentation root (<div class="reveal">).');return Object.assign(te,new Ot(t,e)),zt.map(i=>i(te)),te.initialize()},["configure","on","off","addEventListener","removeEventListener","registerPlugin"].forEach(e=>{te[e]=(...t)=>{zt.push(i=>i[e].call(null,...t))}}),te.isReady=()=>!1,te.VERSION=Ft;var jt=()=>{let e,t=null,i;function a(){if(t&&!t.closed)t.focus();else{if(t=window.open("about:blank","reveal.js - Notes","width=1100,height=700"),t.marked=null,t.document.write(`<!--
	NOTE: You need to build the notes plugin after making changes to this file.
-->
<html lang="en">
	<head>
		<meta charset="utf-8">

		<title>reveal.js - Speaker View</title>

		<style>
			body {
				font-family: Helvetica;
				font-size: 18px;
			}

			#current-slide,
			#upcoming-slide,
			#speaker-controls {
				padding: 6px;
				box-sizing: border-box;
				-moz-box-sizing: border-box;
			}

			#current-slide iframe,
			#upcoming-slide iframe {
				width: 100%;
				height: 100%;
				border: 1px solid #ddd;
			}

			#current-slide .label,
			#upcoming-slide .label {
				position: absolute;
				top: 10px;
				left: 10px;
				z-index: 2;
			}

			#connection-status {
				position: absolute;
				top: 0;
				left: 0;
				width: 100%;
				height: 100%;
				z-index: 20;
				padding: 30% 20% 20% 20%;
				font-size: 18px;
				color: #222;
				background: #fff;
				text-align: center;
				box-sizing: border-box;
				line-height: 1.4;
			}

			.overlay-element {
				height: 34px;
				line-height: 34px;
				padding: 0 10px;
				text-shadow: none;
				background: rgba( 220, 220, 220, 0.8 );
				color: #222;
				font-size: 14px;
			}

			.overlay-element.interactive:hover {
				background: rgba( 220, 220, 220, 1 );
			}

			#current-slide {
				position: absolute;
				width: 60%;
				height: 100%;
				top: 0;
				left: 0;
				padding-right: 0;
			}

			#upcoming-slide {
				position: absolute;
				width: 40%;
				height: 40%;
				right: 0;
				top: 0;
			}

			/* Speaker controls */
			#speaker-controls {
				position: absolute;
				top: 40%;
				right: 0;
				width: 40%;
				height: 60%;
				overflow: auto;
				font-size: 18px;
			}

				.speaker-controls-time.hidden,
				.speaker-controls-notes.hidden {
					display: none;
				}

				.speaker-controls-time .label,
				.speaker-controls-pace .label,
				.speaker-controls-notes .label {
					text-transform: uppercase;
					font-weight: normal;
					font-size: 0.66em;
					color: #666;
					margin: 0;
				}

				.speaker-controls-time, .speaker-controls-pace {
					border-bottom: 1px solid rgba( 200, 200, 200, 0.5 );
					margin-bottom: 10px;
					padding: 10px 16px;
					padding-bottom: 20px;
					cursor: pointer;
				}

				.speaker-controls-time .reset-button {
					opacity: 0;
					float: right;
					color: #666;
					text-decoration: none;
				}
				.speaker-controls-time:hover .reset-button {
					opacity: 1;
				}

				.speaker-controls-time .timer,
				.speaker-controls-time .clock {
					width: 50%;
				}

				.speaker-controls-time .timer,
				.speaker-controls-time .clock,
				.speaker-controls-time .pacing .hours-value,
				.speaker-controls-time .pacing .minutes-value,
				.speaker-controls-time .pacing .seconds-value {
					font-size: 1.9em;
				}

				.speaker-controls-time .timer {
					float: left;
				}

				.speaker-controls-time .clock {
					float: right;
					text-align: right;
				}

				.speaker-controls-time span.mute {
					opacity: 0.3;
				}

				.speaker-controls-time .pacing-title {
					margin-top: 5px;
				}

				.speaker-controls-time .pacing.ahead {
					color: blue;
				}

				.speaker-controls-time .pacing.on-track {
					color: green;
				}

				.speaker-controls-time .pacing.behind {
					color: red;
				}

				.speaker-controls-notes {
					padding: 10px 16px;
				}

				.speaker-controls-notes .value {
					margin-top: 5px;
					line-height: 1.4;
					font-size: 1.2em;
				}

			/* Layout selector\xA0*/
			#speaker-layout {
				position: absolute;
				top: 10px;
				right: 10px;
				color: #222;
				z-index: 10;
			}
				#speaker-layout select {
					position: absolute;
					width: 100%;
					height: 100%;
					top: 0;
					left: 0;
					border: 0;
					box-shadow: 0;
					cursor: pointer;
					opacity: 0;

					font-size: 1em;
					background-color: transparent;

					-moz-appearance: none;
					-webkit-appearance: none;
					-webkit-tap-highlight-color: rgba(0, 0, 0, 0);
				}

				#speaker-layout select:focus {
					outline: none;
					box-shadow: none;
				}

			.clear {
				clear: both;
			}

			/* Speaker layout: Wide */
			body[data-speaker-layout="wide"] #current-slide,
			body[data-speaker-layout="wide"] #upcoming-slide {
				width: 50%;
				height: 45%;
				padding: 6px;
			}

			body[data-speaker-layout="wide"] #current-slide {
				top: 0;
				left: 0;
			}

			body[data-speaker-layout="wide"] #upcoming-slide {
				top: 0;
				left: 50%;
			}

			body[data-speaker-layout="wide"] #speaker-controls {
				top: 45%;
				left: 0;
				width: 100%;
				height: 50%;
				font-size: 1.25em;
			}

			/* Speaker layout: Tall */
			body[data-speaker-layout="tall"] #current-slide,
			body[data-speaker-layout="tall"] #upcoming-slide {
				width: 45%;
				height: 50%;
				padding: 6px;
			}

			body[data-speaker-layout="tall"] #current-slide {
				top: 0;
				left: 0;
			}

			body[data-speaker-layout="tall"] #upcoming-slide {
				top: 50%;
				left: 0;
			}

			body[data-speaker-layout="tall"] #speaker-controls {
				padding-top: 40px;
				top: 0;
				left: 45%;
				width: 55%;
				height: 100%;
				font-size: 1.25em;
			}

			/* Speaker layout: Notes only */
			body[data-speaker-layout="notes-only"] #current-slide,
			body[data-speaker-layout="notes-only"] #upcoming-slide {
				display: none;
			}

			body[data-speaker-layout="notes-only"] #speaker-controls {
				padding-top: 40px;
				top: 0;
				left: 0;
				width: 100%;
				height: 100%;
				font-size: 1.25em;
			}

			@media screen and (max-width: 1080px) {
				body[data-speaker-layout="default"] #speaker-controls {
					font-size: 16px;
				}
			}

			@media screen and (max-width: 900px) {
				body[data-speaker-layout="default"] #speaker-controls {
					font-size: 14px;
				}
			}

			@media screen and (max-width: 800px) {
				body[data-speaker-layout="default"] #speaker-controls {
					font-size: 12px;
				}
			}

		</style>
	</head>

	<body>

		<div id="connection-status">Loading speaker view...</div>

		<div id="current-slide"></div>
		<div id="upcoming-slide"><span class="overlay-element label">Upcoming</span></div>
		<div id="speaker-controls">
			<div class="speaker-controls-time">
				<h4 class="label">Time <span class="reset-button">Click to Reset</span></h4>
				<div class="clock">
					<span class="clock-value">0:00 AM</span>
				</div>
				<div class="timer">
					<span class="hours-value">00</span><span class="minutes-value">:00</span><span class="seconds-value">:00</span>
				</div>
				<div class="clear"></div>

				<h4 class="label pacing-title" style="display: none">Pacing \u2013 Time to finish current slide</h4>
				<div class="pacing" style="display: none">
					<span class="hours-value">00</span><span class="minutes-value">:00</span><span class="seconds-value">:00</span>
				</div>
			</div>

			<div class="speaker-controls-notes hidden">
				<h4 class="label">Notes</h4>
				<div class="value"></div>
			</div>
		</div>
		<div id="speaker-layout" class="overlay-element interactive">
			<span class="speaker-layout-label"></span>
			<select class="speaker-layout-dropdown"></select>
		</div>

		<script>

			(function() {

				var notes,
					notesValue,
					currentState,
					currentSlide,
					upcomingSlide,
					layoutLabel,
					layoutDropdown,
					pendingCalls = {},
					lastRevealApiCallId = 0,
					connected = false

				var connectionStatus = document.querySelector( '#connection-status' );

				var SPEAKER_LAYOUTS = {
					'default': 'Default',
					'wide': 'Wide',
					'tall': 'Tall',
					'notes-only': 'Notes only'
				};

				setupLayout();

				let openerOrigin;

				try {
					openerOrigin = window.opener.location.origin;
				}
				catch ( error ) { console.warn( error ) }

				// In order to prevent XSS, the speaker view will only run if its
				// opener has the same origin as itself
				if( window.location.origin !== openerOrigin ) {
					connectionStatus.innerHTML = 'Cross origin error.<br>The speaker window can only be opened from the same origin.';
					return;
				}

				var connectionTimeout = setTimeout( function() {
					connectionStatus.innerHTML = 'Error connecting to main window.<br>Please try closing and reopening the speaker view.';
				}, 5000 );

				window.addEventListener( 'message', function( event ) {

					// Validate the origin of all messages to avoid parsing messages
					// that aren't meant for us. Ignore when running off file:// so
					// that the speaker view continues to work without a web server.
					if( window.location.origin !== event.origin && window.location.origin !== 'file://' ) {
						return
					}

					clearTimeout( connectionTimeout );
					connectionStatus.style.display = 'none';

					var data = JSON.parse( event.data );

					// The overview mode is only useful to the reveal.js instance
					// where navigation occurs so we don't sync it
					if( data.state ) delete data.state.overview;

					// Messages sent by the notes plugin inside of the main window
					if( data && data.namespace === 'reveal-notes' ) {
						if( data.type === 'connect' ) {
							handleConnectMessage( data );
						}
						else if( data.type === 'state' ) {
							handleStateMessage( data );
						}
						else if( data.type === 'return' ) {
							pendingCalls[data.callId](data.result);
							delete pendingCalls[data.callId];
						}
					}
					// Messages sent by the reveal.js inside of the current slide preview
					else if( data && data.namespace === 'reveal' ) {
						const supportedEvents = [
							'slidechanged',
							'fragmentshown',
							'fragmenthidden',
							'paused',
							'resumed',
							'previewiframe',
							'previewimage',
							'previewvideo',
							'closeoverlay'
						];

						if( /ready/.test( data.eventName ) ) {
							// Send a message back to notify that the handshake is complete
							window.opener.postMessage( JSON.stringify({ namespace: 'reveal-notes', type: 'connected'} ), '*' );
						}
						else if( supportedEvents.includes( data.eventName ) && currentState !== JSON.stringify( data.state ) ) {
							dispatchStateToMainWindow( data.state );
						}
					}

				} );

				/**
				 * Updates the presentation in the main window to match the state
				 * of the presentation in the notes window.
				 */
				const dispatchStateToMainWindow = debounce(( state ) => {
					window.opener.postMessage( JSON.stringify({ method: 'setState', args: [ state ]} ), '*' );
				}, 500);

				/**
				 * Asynchronously calls the Reveal.js API of the main frame.
				 */
				function callRevealApi( methodName, methodArguments, callback ) {

					var callId = ++lastRevealApiCallId;
					pendingCalls[callId] = callback;
					window.opener.postMessage( JSON.stringify( {
						namespace: 'reveal-notes',
						type: 'call',
						callId: callId,
						methodName: methodName,
						arguments: methodArguments
					} ), '*' );

				}

				/**
				 * Called when the main window is trying to establish a
				 * connection.
				 */
				function handleConnectMessage( data ) {

					if( connected === false ) {
						connected = true;

						setupIframes( data );
						setupKeyboard();
						setupNotes();
						setupTimer();
						setupHeartbeat();
					}

				}

				/**
				 * Called when the main window sends an updated state.
				 */
				function handleStateMessage( data ) {

					// Store the most recently set state to avoid circular loops
					// applying the same state
					currentState = JSON.stringify( data.state );

					// No need for updating the notes in case of fragment changes
					if ( data.notes ) {
						notes.classList.remove( 'hidden' );
						notesValue.style.whiteSpace = data.whitespace;
						if( data.markdown ) {
							notesValue.innerHTML = marked.parse( data.notes );
						}
						else {
							notesValue.innerHTML = data.notes;
						}
					}
					else {
						notes.classList.add( 'hidden' );
					}

					// Don't show lightboxes in the upcoming slide
					const { previewVideo, previewImage, previewIframe, ...upcomingState } = data.state;

					// Update the note slides
					currentSlide.contentWindow.postMessage( JSON.stringify({ method: 'setState', args: [ data.state ] }), '*' );
					upcomingSlide.contentWindow.postMessage( JSON.stringify({ method: 'setState', args: [ upcomingState ] }), '*' );
					upcomingSlide.contentWindow.postMessage( JSON.stringify({ method: 'next' }), '*' );

				}

				// Limit to max one state update per X ms
				handleStateMessage = debounce( handleStateMessage, 200 );

				/**
				 * Forward keyboard events to the current slide window.
				 * This enables keyboard events to work even if focus
				 * isn't set on the current slide iframe.
				 *
				 * Block F5 default handling, it reloads and disconnects
				 * the speaker notes window.
				 */
				function setupKeyboard() {

					document.addEventListener( 'keydown', function( event ) {
						if( event.keyCode === 116 || ( event.metaKey && event.keyCode === 82 ) ) {
							event.preventDefault();
							return false;
						}
						currentSlide.contentWindow.postMessage( JSON.stringify({ method: 'triggerKey', args: [ event.keyCode ] }), '*' );
					} );

				}

				/**
				 * Creates the preview iframes.
				 */
				function setupIframes( data ) {

					var params = [
						'receiver',
						'progress=false',
						'history=false',
						'transition=none',
						'autoSlide=0',
						'backgroundTransition=none'
					].join( '&' );

					var urlSeparator = /\\?/.test(data.url) ? '&' : '?';
					var hash = '#/' + data.state.indexh + '/' + data.state.indexv;
					var currentURL = data.url + urlSeparator + params + '&scrollActivationWidth=false&postMessageEvents=true' + hash;
					var upcomingURL = data.url + urlSeparator + params + '&scrollActivationWidth=false&controls=false' + hash;

					currentSlide = document.createElement( 'iframe' );
					currentSlide.setAttribute( 'width', 1280 );
					currentSlide.setAttribute( 'height', 1024 );
					currentSlide.setAttribute( 'src', currentURL );
					document.querySelector( '#current-slide' ).appendChild( currentSlide );

					upcomingSlide = document.createElement( 'iframe' );
					upcomingSlide.setAttribute( 'width', 640 );
					upcomingSlide.setAttribute( 'height', 512 );
					upcomingSlide.setAttribute( 'src', upcomingURL );
					document.querySelector( '#upcoming-slide' ).appendChild( upcomingSlide );

				}

				/**
				 * Setup the notes UI.
				 */
				function setupNotes() {

					notes = document.querySelector( '.speaker-controls-notes' );
					notesValue = document.querySelector( '.speaker-controls-notes .value' );

				}

				/**
				 * We send out a heartbeat at all times to ensure we can
				 * reconnect with the main presentation window after reloads.
				 */
				function setupHeartbeat() {

					setInterval( () => {
						window.opener.postMessage( JSON.stringify({ namespace: 'reveal-notes', type: 'heartbeat'} ), '*' );
					}, 1000 );

				}

				function getTimings( callback ) {

					callRevealApi( 'getSlidesAttributes', [], function ( slideAttributes ) {
						callRevealApi( 'getConfig', [], function ( config ) {
							var totalTime = config.totalTime;
							var minTimePerSlide = config.minimumTimePerSlide || 0;
							var defaultTiming = config.defaultTiming;
							if ((defaultTiming == null) && (totalTime == null)) {
								callback(null);
								return;
							}
							// Setting totalTime overrides defaultTiming
							if (totalTime) {
								defaultTiming = 0;
							}
							var timings = [];
							for ( var i in slideAttributes ) {
								var slide = slideAttributes[ i ];
								var timing = defaultTiming;
								if( slide.hasOwnProperty( 'data-timing' )) {
									var t = slide[ 'data-timing' ];
									timing = parseInt(t);
									if( isNaN(timing) ) {
										console.warn("Could not parse timing '" + t + "' of slide " + i + "; using default of " + defaultTiming);
										timing = defaultTiming;
									}
								}
								timings.push(timing);
							}
							if ( totalTime ) {
								// After we've allocated time to individual slides, we summarize it and
								// subtract it from the total time
								var remainingTime = totalTime - timings.reduce( function(a, b) { return a + b; }, 0 );
								// The remaining time is divided by the number of slides that have 0 seconds
								// allocated at the moment, giving the average time-per-slide on the remaining slides
								var remainingSlides = (timings.filter( function(x) { return x == 0 }) ).length
								var timePerSlide = Math.round( remainingTime / remainingSlides, 0 )
								// And now we replace every zero-value timing with that average
								timings = timings.map( function(x) { return (x==0 ? timePerSlide : x) } );
							}
							var slidesUnderMinimum = timings.filter( function(x) { return (x < minTimePerSlide) } ).length
							if ( slidesUnderMinimum ) {
								message = "The pacing time for " + slidesUnderMinimum + " slide(s) is under the configured minimum of " + minTimePerSlide + " seconds. Check the data-timing attribute on individual slides, or consider increasing the totalTime or minimumTimePerSlide configuration options (or removing some slides).";
								alert(message);
							}
							callback( timings );
						} );
					} );

				}

				/**
				 * Return the number of seconds allocated for presenting
				 * all slides up to and including this one.
				 */
				function getTimeAllocated( timings, callback ) {

					callRevealApi( 'getSlidePastCount', [], function ( currentSlide ) {
						var allocated = 0;
						for (var i in timings.slice(0, currentSlide + 1)) {
							allocated += timings[i];
						}
						callback( allocated );
					} );

				}

				/**
				 * Create the timer and clock and start updating them
				 * at an interval.
				 */
				function setupTimer() {

					var start = new Date(),
					timeEl = document.querySelector( '.speaker-controls-time' ),
					clockEl = timeEl.querySelector( '.clock-value' ),
					hoursEl = timeEl.querySelector( '.hours-value' ),
					minutesEl = timeEl.querySelector( '.minutes-value' ),
					secondsEl = timeEl.querySelector( '.seconds-value' ),
					pacingTitleEl = timeEl.querySelector( '.pacing-title' ),
					pacingEl = timeEl.querySelector( '.pacing' ),
					pacingHoursEl = pacingEl.querySelector( '.hours-value' ),
					pacingMinutesEl = pacingEl.querySelector( '.minutes-value' ),
					pacingSecondsEl = pacingEl.querySelector( '.seconds-value' );

					var timings = null;
					getTimings( function ( _timings ) {

						timings = _timings;
						if (_timings !== null) {
							pacingTitleEl.style.removeProperty('display');
							pacingEl.style.removeProperty('display');
						}

						// Update once directly
						_updateTimer();

						// Then update every second
						setInterval( _updateTimer, 1000 );

					} );


					function _resetTimer() {

						if (timings == null) {
							start = new Date();
							_updateTimer();
						}
						else {
							// Reset timer to beginning of current slide
							getTimeAllocated( timings, function ( slideEndTimingSeconds ) {
								var slideEndTiming = slideEndTimingSeconds * 1000;
								callRevealApi( 'getSlidePastCount', [], function ( currentSlide ) {
									var currentSlideTiming = timings[currentSlide] * 1000;
									var previousSlidesTiming = slideEndTiming - currentSlideTiming;
									var now = new Date();
									start = new Date(now.getTime() - previousSlidesTiming);
									_updateTimer();
								} );
							} );
						}

					}

					timeEl.addEventListener( 'click', function() {
						_resetTimer();
						return false;
					} );

					function _displayTime( hrEl, minEl, secEl, time) {

						var sign = Math.sign(time) == -1 ? "-" : "";
						time = Math.abs(Math.round(time / 1000));
						var seconds = time % 60;
						var minutes = Math.floor( time / 60 ) % 60 ;
						var hours = Math.floor( time / ( 60 * 60 )) ;
						hrEl.innerHTML = sign + zeroPadInteger( hours );
						if (hours == 0) {
							hrEl.classList.add( 'mute' );
						}
						else {
							hrEl.classList.remove( 'mute' );
						}
						minEl.innerHTML = ':' + zeroPadInteger( minutes );
						if (hours == 0 && minutes == 0) {
							minEl.classList.add( 'mute' );
						}
						else {
							minEl.classList.remove( 'mute' );
						}
						secEl.innerHTML = ':' + zeroPadInteger( seconds );
					}

					function _updateTimer() {

						var diff, hours, minutes, seconds,
						now = new Date();

						diff = now.getTime() - start.getTime();

						clockEl.innerHTML = now.toLocaleTimeString( 'en-US', { hour12: true, hour: '2-digit', minute:'2-digit' } );
						_displayTime( hoursEl, minutesEl, secondsEl, diff );
						if (timings !== null) {
							_updatePacing(diff);
						}

					}

					function _updatePacing(diff) {

						getTimeAllocated( timings, function ( slideEndTimingSeconds ) {
							var slideEndTiming = slideEndTimingSeconds * 1000;

							callRevealApi( 'getSlidePastCount', [], function ( currentSlide ) {
								var currentSlideTiming = timings[currentSlide] * 1000;
								var timeLeftCurrentSlide = slideEndTiming - diff;
								if (timeLeftCurrentSlide < 0) {
									pacingEl.className = 'pacing behind';
								}
								else if (timeLeftCurrentSlide < currentSlideTiming) {
									pacingEl.className = 'pacing on-track';
								}
								else {
									pacingEl.className = 'pacing ahead';
								}
								_displayTime( pacingHoursEl, pacingMinutesEl, pacingSecondsEl, timeLeftCurrentSlide );
							} );
						} );
					}

				}

				/**
				 * Sets up the speaker view layout and layout selector.
				 */
				function setupLayout() {

					layoutDropdown = document.querySelector( '.speaker-layout-dropdown' );
					layoutLabel = document.querySelector( '.speaker-layout-label' );

					// Render the list of available layouts
					for( var id in SPEAKER_LAYOUTS ) {
						var option = document.createElement( 'option' );
						option.setAttribute( 'value', id );
						option.textContent = SPEAKER_LAYOUTS[ id ];
						layoutDropdown.appendChild( option );
					}

					// Monitor the dropdown for changes
					layoutDropdown.addEventListener( 'change', function( event ) {

						setLayout( layoutDropdown.value );

					}, false );

					// Restore any currently persisted layout
					setLayout( getLayout() );

				}

				/**
				 * Sets a new speaker view layout. The layout is persisted
				 * in local storage.
				 */
				function setLayout( value ) {

					var title = SPEAKER_LAYOUTS[ value ];

					layoutLabel.innerHTML = 'Layout' + ( title ? ( ': ' + title ) : '' );
					layoutDropdown.value = value;

					document.body.setAttribute( 'data-speaker-layout', value );

					// Persist locally
					if( supportsLocalStorage() ) {
						window.localStorage.setItem( 'reveal-speaker-layout', value );
					}

				}

				/**
				 * Returns the ID of the most recently set speaker layout
				 * or our default layout if none has been set.
				 */
				function getLayout() {

					if( supportsLocalStorage() ) {
						var layout = window.localStorage.getItem( 'reveal-speaker-layout' );
						if( layout ) {
							return layout;
						}
					}

					// Default to the first record in the layouts hash
					for( var id in SPEAKER_LAYOUTS ) {
						return id;
					}

				}

				function supportsLocalStorage() {

					try {
						localStorage.setItem('test', 'test');
						localStorage.removeItem('test');
						return true;
					}
					catch( e ) {
						return false;
					}

				}

				function zeroPadInteger( num ) {

					var str = '00' + parseInt( num );
					return str.substring( str.length - 2 );

				}

				/**
				 * Limits the frequency at which a function can be called.
				 */
				function debounce( fn, ms ) {

					var lastTime = 0,
						timeout;

					return function() {

						var args = arguments;
						var context = this;

						clearTimeout( timeout );

						var timeSinceLastCall = Date.now() - lastTime;
						if( timeSinceLastCall > ms ) {
							fn.apply( context, args );
							lastTime = Date.now();
						}
						else {
							timeout = setTimeout( function() {
								fn.apply( context, args );
								lastTime = Date.now();
							}, ms - timeSinceLastCall );
						}

					}

				}

			})();

		<\/script>
	</body>
</html>`),!t){alert("Speaker view popup failed to open. Please make sure popups are allowed and reopen the speaker view.");return}s()}}function n(g){t&&!t.closed?t.focus():(t=g,window.addEventListener("message",l),f())}function s(){let g=i.getConfig().url,v=typeof g=="string"?g:window.location.protocol+"//"+window.location.host+window.location.pathname+window.location.search;e=setInterval(function(){t.postMessage(JSON.stringify({namespace:"reveal-notes",type:"connect",state:i.getState(),url:v}),"*")},500),window.addEventListener("message",l)}function o(g,v,k){let c=i[g].apply(i,v);t.postMessage(JSON.stringify({namespace:"reveal-notes",type:"return",result:c,callId:k}),"*")}function h(g){let v=i.getCurrentSlide(),k=v.querySelectorAll("aside.notes"),c=v.querySelector(".current-fragment"),S={namespace:"reveal-notes",type:"state",notes:"",markdown:!1,whitespace:"normal",state:i.getState()};if(v.hasAttribute("data-notes")&&(S.notes=v.getAttribute("data-notes"),S.whitespace="pre-wrap"),c){let P=c.querySelector("aside.notes");P?(S.notes=P.innerHTML,S.markdown=typeof P.getAttribute("data-markdown")=="string",k=null):c.hasAttribute("data-notes")&&(S.notes=c.getAttribute("data-notes"),S.whitespace="pre-wrap",k=null)}k&&k.length&&(k=Array.from(k).filter(P=>P.closest(".fragment")===null),S.notes=k.map(P=>P.innerHTML).join(`
`),S.markdown=k[0]&&typeof k[0].getAttribute("data-markdown")=="string"),t.postMessage(JSON.stringify(S),"*")}function u(g){try{return window.location.origin===g.source.location.origin}catch{return!1}}function l(g){if(u(g))try{let v=JSON.parse(g.data);v&&v.namespace==="reveal-notes"&&v.type==="connected"?(clearInterval(e),f()):v&&v.namespace==="reveal-notes"&&v.type==="call"&&o(v.methodName,v.arguments,v.callId)}catch{}}function f(){i.on("slidechanged",h),i.on("fragmentshown",h),i.on("fragmenthidden",h),i.on("overviewhidden",h),i.on("overviewshown",h),i.on("paused",h),i.on("resumed",h),i.on("previewiframe",h),i.on("previewimage",h),i.on("previewvideo",h),i.on("closeoverlay",h),h()}return{id:"notes",init:function(g){i=g,/receiver/i.test(window.location.search)||(window.location.search.match(/(\?|\&)notes/gi)===null?window.addEventListener("message",v=>{if(!t&&typeof v.data=="string"){let k;try{k=JSON.parse(v.data)}catch{}k&&k.namespace==="reveal-notes"&&k.type==="heartbeat"&&n(v.source)}}):a(),i.addKeyBinding({keyCode:83,key:"S",description:"Speaker notes view"},function(){a()}))},open:a}};Object.assign(window,{Reveal:te,RevealNotes:jt});})();
